import { test } from 'node:test'
import { AttackedGateway } from './attacked-gateway.ts'

const END = '\r\n\r\n'
const withHost = (value: string): string => `GET / HTTP/1.1\r\nhost: ${value}${END}`

test('a Host that is in doubt is refused', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, bytes] of [
    ['missing', `GET / HTTP/1.1\r\nx: y${END}`],
    ['missing beside a whole URL', `GET http://a/ HTTP/1.1\r\nx: y${END}`],
    ['twice the same', `GET / HTTP/1.1\r\nhost: a\r\nhost: a${END}`],
    ['two different ones', `GET / HTTP/1.1\r\nhost: a\r\nhost: b${END}`],
    ['two in other spellings', `GET / HTTP/1.1\r\nHost: a\r\nHOST: b${END}`],
    ['two, the first empty', `GET / HTTP/1.1\r\nhost:\r\nhost: a${END}`],
    ['two, the second empty', `GET / HTTP/1.1\r\nhost: a\r\nhost:${END}`],
    ['two, both empty', `GET / HTTP/1.1\r\nhost:\r\nhost:${END}`],
    ['two beside a whole URL', `GET http://a/ HTTP/1.1\r\nhost: a\r\nhost: b${END}`],
    ['two in HTTP/1.0', `GET / HTTP/1.0\r\nhost: a\r\nhost: b${END}`],
    ['a malformed one beside a whole URL', `GET http://a/ HTTP/1.1\r\nhost: b/c${END}`],
    ['one with a blank before its colon', `GET / HTTP/1.1\r\nhost : a${END}`],
    ['one on a folded line', `GET / HTTP/1.1\r\nhost:\r\n a${END}`],
  ] as const) {
    await t.test(name, () => site.refuses(bytes))
  }
  for (const [name, value] of [
    ['a list', 'a, b'],
    ['a list without a blank', 'a,b'],
    ['two separated by a blank', 'a b'],
    ['two separated by a tab', 'a\tb'],
    ['userinfo', 'user@a'],
    ['userinfo with a password', 'user:secret@a'],
    ['empty userinfo', '@a'],
    ['userinfo that looks like a host', 'a:80@b'],
    ['a path', 'a/admin'],
    ['a slash', 'a/'],
    ['a query', 'a?b'],
    ['a fragment', 'a#b'],
    ['a whole URL', 'http://a'],
    ['a backslash', 'a\\b'],
    ['a semicolon', 'a;b'],
    ['quotes', '"a"'],
    ['an apostrophe', "a'"],
    ['an angle bracket', '<a>'],
    ['a pipe', 'a|b'],
    ['a percent escape', '%61'],
    ['an escaped dot', 'a%2eb'],
    ['a byte beyond ASCII', '\xe9'],
    ['an asterisk', '*.a'],
    ['a dot only', '.'],
    ['a dot in front', '.a'],
    ['two dots behind', 'a..'],
    ['an empty label', 'a..b'],
    ['a hyphen in front', '-a'],
    ['a name of 256 bytes', `${'a.'.repeat(127)}ab`],
    ['a port without a host', ':80'],
    ['a port that is no number', 'a:b'],
    ['a port of zero', 'a:0'],
    ['a port of 65536', 'a:65536'],
    ['a port of six digits', 'a:000080'],
    ['a port that may wrap to 80', 'a:65616'],
    ['a port with a plus sign', 'a:+80'],
    ['a port with a minus sign', 'a:-80'],
    ['a hexadecimal port', 'a:0x50'],
    ['a port behind a blank', 'a: 80'],
    ['a blank before the colon', 'a :80'],
    ['two ports', 'a:80:80'],
    ['two colons', 'a::80'],
    ['a port with text behind it', 'a:80x'],
    ['a port with a path behind it', 'a:80/b'],
    ['a port with a host behind it', 'a:80@b'],
    ['an IPv6 address without brackets', '::1'],
    ['an IPv6 address without brackets, with a port', '2001:db8::1:80'],
    ['a bracket that is not closed', '[::1'],
    ['a bracket that is not opened', '::1]'],
    ['empty brackets', '[]'],
    ['a name in brackets', '[a]'],
    ['an IPv4 address in brackets', '[127.0.0.1]'],
    ['a zone', '[fe80::1%eth0]'],
    ['an escaped zone', '[fe80::1%25eth0]'],
    ['a future version of addresses', '[v1.a]'],
    ['text behind the brackets', '[::1]a'],
    ['text before the brackets', 'a[::1]'],
    ['an IPv6 address of nine groups', '[1:2:3:4:5:6:7:8:9]'],
    ['an IPv6 address of five digits', '[12345::]'],
    ['an IPv6 address with two gaps', '[1::2::3]'],
    ['brackets within brackets', '[[::1]]'],
    ['a colon without a port behind brackets, and a path', '[::1]:/a'],
  ] as const) {
    await t.test(name, () => site.refuses(withHost(value)))
  }
})

test('the origin sees one canonical Host', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, value, host] of [
    ['upper case', 'SHOP.Example', 'shop.example'],
    ['a dot at its end', 'shop.example.', 'shop.example'],
    ['the default port', 'a:80', 'a'],
    ['the default port with a zero in front', 'a:0080', 'a'],
    ['a colon without a port', 'a:', 'a'],
    ['another port', 'a:8080', 'a:8080'],
    ['another port with a zero in front', 'a:08080', 'a:8080'],
    ['the port of https', 'a:443', 'a:443'],
    ['a dot before the port', 'a.:8080', 'a:8080'],
    ['blanks around it', ' \ta\t ', 'a'],
    ['an underscore', 'a_b', 'a_b'],
    ['digits', '127.0.0.1', '127.0.0.1'],
    ['an IPv6 address', '[::1]', '[::1]'],
    ['an IPv6 address in full', '[0:0:0:0:0:0:0:1]:80', '[::1]'],
    ['an IPv6 address in upper case', '[2001:DB8::00A]:8080', '[2001:db8::a]:8080'],
    ['an IPv6 address with an IPv4 address in it', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ['nothing', '', ''],
  ] as const) {
    await t.test(name, () => site.passesAs(withHost(value), { host, fields: { 'x-forwarded-host': [host] } }))
  }
  await t.test('none, in HTTP/1.0', () => site.passesAsLast(`GET / HTTP/1.0${END}`, { host: '' }))
})

test('the authority of a whole URL counts, and the Host beside it is forgotten', async (t) => {
  const site = await AttackedGateway.start(t, {
    routes: [{ match: { host: 'public.example' } }, { match: { host: 'a' } }],
  })
  for (const [name, target, host, path] of [
    ['a whole URL', 'http://public.example/x', 'public.example', '/x'],
    ['one in upper case', 'HTTP://PUBLIC.EXAMPLE/x', 'public.example', '/x'],
    ['one with a port', 'http://public.example:8080/x', 'public.example:8080', '/x'],
    ['one with the default port', 'http://public.example:80/x', 'public.example', '/x'],
    ['one without a path', 'http://public.example', 'public.example', '/'],
    ['one with a query only', 'http://public.example?q', 'public.example', '/?q'],
    ['one with slashes', 'http://public.example//x', 'public.example', '/x'],
  ] as const) {
    await t.test(name, () =>
      site.passesAs(`GET ${target} HTTP/1.1\r\nhost: internal.example${END}`, {
        target: path,
        host,
        fields: { 'x-forwarded-host': [host] },
      }),
    )
  }
  await t.test('a target of two slashes is a path, and Host counts', () =>
    site.passesAs(`GET //public.example/x HTTP/1.1\r\nhost: a${END}`, { target: '/public.example/x' }),
  )
  for (const [name, target] of [
    ['userinfo', 'http://user@public.example/'],
    ['userinfo that looks like a host', 'http://public.example:80@internal.example/'],
    ['a backslash for a slash', 'http:\\\\public.example/'],
    ['a backslash behind the host', 'http://public.example\\@internal.example/'],
    ['one slash', 'http:/public.example/'],
    ['three slashes', 'http:///public.example/'],
    ['no slashes', 'http:public.example/'],
    ['https, asked for over http', 'https://public.example/'],
    ['another scheme', 'ftp://public.example/'],
    ['a scheme that only starts like ours', 'httpx://public.example/'],
    ['a scheme in a file', 'file:///etc/passwd'],
    ['a script', 'javascript:alert(1)'],
    ['a fragment behind the host', 'http://public.example#/x'],
    ['a fragment behind the path', 'http://public.example/#x'],
    ['a malformed port', 'http://public.example:x/'],
    ['a percent escape in the host', 'http://public%2eexample/'],
    ['a list of hosts', 'http://public.example,internal.example/'],
    ['an empty host with a port', 'http://:80/'],
  ] as const) {
    await t.test(`refused: ${name}`, () => site.refuses(`GET ${target} HTTP/1.1\r\nhost: a${END}`))
  }
})
