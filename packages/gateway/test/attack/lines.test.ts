import { test } from 'node:test'
import { AttackedGateway } from './attacked-gateway.ts'

const HOST = '\r\nhost: a'
const END = '\r\n\r\n'
const get = (fields: string): string => `GET / HTTP/1.1${HOST}\r\n${fields}${END}`

test('request lines that are in doubt are refused', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, line] of [
    ['a bare LF at its end', 'GET / HTTP/1.1\nx: y'],
    ['a bare CR at its end', 'GET / HTTP/1.1\rx: y'],
    ['two CR at its end', 'GET / HTTP/1.1\r'],
    ['LF CR at its end', 'GET / HTTP/1.1\n\rx: y'],
    ['a blank before it', ' GET / HTTP/1.1'],
    ['a tab before it', '\tGET / HTTP/1.1'],
    ['a NUL before it', '\0GET / HTTP/1.1'],
    ['two empty lines before it', '\r\n\r\nGET / HTTP/1.1'],
    ['a bare LF before it', '\nGET / HTTP/1.1'],
    ['a bare CR before it', '\rGET / HTTP/1.1'],
    ['a byte order mark before it', '\xef\xbb\xbfGET / HTTP/1.1'],
    ['two blanks behind the method', 'GET  / HTTP/1.1'],
    ['a tab behind the method', 'GET\t/ HTTP/1.1'],
    ['a vertical tab behind the method', 'GET\x0b/ HTTP/1.1'],
    ['a NUL in the method', 'GE\0T / HTTP/1.1'],
    ['a CR in the method', 'GE\rT / HTTP/1.1'],
    ['a colon in the method', 'GET: / HTTP/1.1'],
    ['a slash in the method', 'GET/ / HTTP/1.1'],
    ['quotes around the method', '"GET" / HTTP/1.1'],
    ['a byte beyond ASCII in the method', 'G\xc9T / HTTP/1.1'],
    ['no method', ' / HTTP/1.1'],
    ['no target', 'GET HTTP/1.1'],
    ['an empty target', 'GET  HTTP/1.1'],
    ['no version (HTTP/0.9)', 'GET /'],
    ['no version but a blank', 'GET / '],
    ['two blanks before the version', 'GET /  HTTP/1.1'],
    ['a tab before the version', 'GET /\tHTTP/1.1'],
    ['a blank behind the version', 'GET / HTTP/1.1 '],
    ['a tab behind the version', 'GET / HTTP/1.1\t'],
    ['a word behind the version', 'GET / HTTP/1.1 x'],
    ['two versions', 'GET / HTTP/1.1 HTTP/1.1'],
    ['a version in lower case', 'GET / http/1.1'],
    ['a version of another protocol', 'GET / HTTPS/1.1'],
    ['a version with a blank', 'GET / HTTP /1.1'],
    ['a version without a minor number', 'GET / HTTP/1'],
    ['a version without a major number', 'GET / HTTP/.1'],
    ['a version of three numbers', 'GET / HTTP/1.1.1'],
    ['a version of two digits', 'GET / HTTP/1.10'],
    ['a version with a zero in front', 'GET / HTTP/01.1'],
    ['a version with a sign', 'GET / HTTP/+1.1'],
    ['a version with a comma', 'GET / HTTP/1,1'],
    ['a version that is no number', 'GET / HTTP/x.y'],
    ['a version with a NUL', 'GET / HTTP/1.1\0'],
    ['a blank in the target', 'GET /a b HTTP/1.1'],
    ['a blank in the query', 'GET /?a b HTTP/1.1'],
    ['a tab in the target', 'GET /a\tb HTTP/1.1'],
    ['a NUL in the target', 'GET /a\0b HTTP/1.1'],
    ['a CR in the target', 'GET /a\rb HTTP/1.1'],
    ['an LF in the target', 'GET /a\nb HTTP/1.1'],
    ['a vertical tab in the target', 'GET /a\x0bb HTTP/1.1'],
    ['a DEL in the target', 'GET /a\x7fb HTTP/1.1'],
    ['a NUL in the query', 'GET /?a=\0 HTTP/1.1'],
    ['a CR in the query', 'GET /?a=\rb HTTP/1.1'],
    ['a byte beyond ASCII in the target', 'GET /\xe9 HTTP/1.1'],
    ['a byte beyond ASCII in the query', 'GET /?\xe9 HTTP/1.1'],
    ['a target without a slash', 'GET admin HTTP/1.1'],
    ['a target that starts with a query', 'GET ?a HTTP/1.1'],
    ['a target of "*" with GET', 'GET * HTTP/1.1'],
    ['a target of an authority with GET', 'GET a:80 HTTP/1.1'],
  ] as const) {
    await t.test(name, () => site.refuses(line + HOST + END))
  }
  for (const [name, line, status] of [
    ['HTTP/2.0', 'GET / HTTP/2.0', 505],
    ['HTTP/0.9 in words', 'GET / HTTP/0.9', 505],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0', 505],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1', 501],
    ['CONNECT with a path', 'CONNECT / HTTP/1.1', 501],
  ] as const) {
    await t.test(name, () => site.refuses(line + HOST + END, status))
  }
})

test('request lines beyond doubt pass', async (t) => {
  const site = await AttackedGateway.start(t)
  await t.test('behind one empty line', () => site.passesAs(`\r\nGET / HTTP/1.1${HOST}${END}`))
  await t.test('with a method that nobody knows', () =>
    site.passesAs(`M-SEARCH / HTTP/1.1${HOST}${END}`, { method: 'M-SEARCH' }),
  )
  await t.test('with a method in lower case, which is another one', () =>
    site.passesAs(`get / HTTP/1.1${HOST}${END}`, { method: 'get' }),
  )
  await t.test('in HTTP/1.0, which goes on as HTTP/1.1', () =>
    site.passesAsLast(`GET / HTTP/1.0${HOST}${END}`, { fields: { via: ['1.0 headgate'], connection: [] } }),
  )
})

test('field lines that are in doubt are refused', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, fields] of [
    ['a bare LF at the end of a line', 'x: y\nz: a'],
    ['a bare CR within a value', 'x: y\rz: a'],
    ['a bare CR at the end of a value', 'x: y\r'],
    ['LF CR at the end of a line', 'x: y\n\rz: a'],
    ['a bare CR at the start of a value', 'x:\ry'],
    ['a NUL in a value', 'x: a\0b'],
    ['a NUL in a name', 'x\0: y'],
    ['a NUL behind a name', 'host\0: b'],
    ['a backspace in a value', 'x: a\bb'],
    ['a vertical tab in a value', 'x: a\x0bb'],
    ['a form feed in a value', 'x: a\x0cb'],
    ['an escape in a value', 'x: \x1b[0m'],
    ['a DEL in a value', 'x: a\x7fb'],
    ['a line folded with a blank', 'x: y\r\n z'],
    ['a line folded with a tab', 'x: y\r\n\tz'],
    ['a folded line that looks like a field', 'x: y\r\n host: b'],
    ['a folded line of blanks only', 'x: y\r\n  \r\nz: a'],
    ['a blank before the first name', ' x: y'],
    ['a blank before the colon', 'x : y'],
    ['a tab before the colon', 'x\t: y'],
    ['a blank within a name', 'x y: z'],
    ['no colon', 'xy'],
    ['no name', ': y'],
    ['a name of blanks', '  : y'],
    ['quotes in a name', '"x": y'],
    ['parentheses in a name', 'x(y): z'],
    ['a slash in a name', 'x/y: z'],
    ['a backslash in a name', 'x\\y: z'],
    ['an at sign in a name', 'x@y: z'],
    ['brackets in a name', 'x[0]: z'],
    ['braces in a name', 'x{0}: z'],
    ['a comma in a name', 'x,y: z'],
    ['a semicolon in a name', 'x;y: z'],
    ['an equals sign in a name', 'x=y: z'],
    ['a question mark in a name', 'x?: z'],
    ['a byte beyond ASCII in a name', 'x\xe9: z'],
    ['a no-break space behind a name', 'x\xa0: z'],
    ['a DEL in a name', 'x\x7f: z'],
    ['a request line among the fields', 'GET /admin HTTP/1.1'],
  ] as const) {
    await t.test(name, () => site.refuses(get(fields)))
  }
  await t.test('a head that ends in two bare LF', () => site.refuses('GET / HTTP/1.1\nhost: a\n\n'))
  await t.test('a head whose last line ends in bare LF', () => site.refuses(`GET / HTTP/1.1${HOST}\r\n\n`))
  await t.test('a head whose empty line is two CR', () => site.refuses(`GET / HTTP/1.1${HOST}\r\n\r\r\n`))
})

test('field lines beyond doubt pass as they are', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, line, values] of [
    ['blanks and tabs around a value', 'x: \t y z \t ', ['y z']],
    ['a tab within a value', 'x: y\tz', ['y\tz']],
    ['an empty value', 'x:', ['']],
    ['a value of blanks', 'x: \t ', ['']],
    ['bytes beyond ASCII in a value', 'x: \xe9\xff', ['\xe9\xff']],
    ['a value that looks like a field', 'x: host: b', ['host: b']],
    ['a colon at the start of a value', 'x:: y', [': y']],
    ['a line twice', 'x: y\r\nX: z', ['y', 'z']],
  ] as const) {
    await t.test(name, () => site.passesAs(get(line), { fields: { x: values } }))
  }
  await t.test('a name of all the characters that a name may have', () =>
    site.passesAs(get("!#$%&'*+-.^_`|~09azAZ: y"), { fields: { "!#$%&'*+-.^_`|~09azaz": ['y'] } }),
  )
})
