import { test } from 'node:test'
import { AttackedGateway } from './attacked-gateway.ts'

const request = (target: string): string => `GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`

/** The route that answers says so to the origin by the Host that it sends: the origin's own for `/admin`, else the client's. */
const ROUTES = [{ match: { path: ['/admin', '/admin/**'] }, preserveHost: false }, { match: { path: '/**' } }]

test('router and origin see the same path: that of the guarded route', async (t) => {
  const site = await AttackedGateway.start(t, { routes: ROUTES })
  const host = `127.0.0.1:${site.origin.port}`
  for (const [name, target, seen] of [
    ['as it is', '/admin/x', '/admin/x'],
    ['without anything behind it', '/admin', '/admin'],
    ['with a slash behind it', '/admin/', '/admin/'],
    ['two slashes in front', '//admin/x', '/admin/x'],
    ['three slashes in front', '///admin/x', '/admin/x'],
    ['two slashes within', '/admin//x', '/admin/x'],
    ['two slashes behind', '/admin//', '/admin/'],
    ['a dot segment in front', '/./admin/x', '/admin/x'],
    ['a dot segment within', '/admin/./x', '/admin/x'],
    ['a dot segment behind', '/admin/.', '/admin/'],
    ['an encoded dot segment in front', '/%2e/admin/x', '/admin/x'],
    ['out of another folder', '/public/../admin/x', '/admin/x'],
    ['out of another folder, over two slashes', '/public//..//admin/x', '/admin/x'],
    ['out of two other folders', '/public/a/../../admin/x', '/admin/x'],
    ['out of another folder, with encoded dots', '/public/%2e%2e/admin/x', '/admin/x'],
    ['out of another folder, with encoded dots in upper case', '/public/%2E%2E/admin/x', '/admin/x'],
    ['out of another folder, with one encoded dot', '/public/.%2e/admin/x', '/admin/x'],
    ['out of another folder, with the other dot encoded', '/public/%2E./admin/x', '/admin/x'],
    ['out of a folder with parameters', '/public;a=b/../admin/x', '/admin/x'],
    ['out of a folder that is an escape', '/%252e/../admin/x', '/admin/x'],
    ['a letter encoded', '/%61dmin/x', '/admin/x'],
    ['all letters encoded', '/%61%64%6d%69%6e/x', '/admin/x'],
    ['letters encoded in mixed case', '/%61%64%6D%69%6e/x', '/admin/x'],
    ['a letter behind it encoded', '/admin/%78', '/admin/x'],
    ['a tilde encoded', '/admin/%7Ex', '/admin/~x'],
    ['into a folder and back', '/admin/x/..', '/admin/'],
    ['an escape in lower case', '/admin/%c3%a9%3f', '/admin/%C3%A9%3F'],
    ['a question mark encoded', '/admin/%3Fx', '/admin/%3Fx'],
    ['a query', '/admin?/../public', '/admin?/../public'],
    ['a query with a path in it', '/admin/x?a=%2f..%5c', '/admin/x?a=%2f..%5c'],
    ['a whole URL', 'http://a/admin/x', '/admin/x'],
    ['a whole URL with two slashes', 'http://a//admin/x', '/admin/x'],
    ['a whole URL with dots', 'http://a/public/../admin/x', '/admin/x'],
    ['a whole URL with a letter encoded', 'http://a/%61dmin/x', '/admin/x'],
  ] as const) {
    await t.test(name, () => site.passesAs(request(target), { target: seen, host }))
  }
})

test('router and origin see the same path: not that of the guarded route', async (t) => {
  const site = await AttackedGateway.start(t, { routes: ROUTES })
  for (const [name, target, seen] of [
    ['another folder', '/public/x', '/public/x'],
    ['a name that only starts like it', '/administrator', '/administrator'],
    ['out of it', '/admin/../public', '/public'],
    ['out of it, with encoded dots', '/admin/%2e%2E/public', '/public'],
    ['out of it, to the root', '/admin/..', '/'],
    ['out of it, over two slashes', '/admin//../public', '/public'],
    ['in upper case, which is another path', '/ADMIN/x', '/ADMIN/x'],
    ['in upper case, encoded', '/%41dmin/x', '/Admin/x'],
    ['with parameters, which are part of a name', '/admin;a=b/x', '/admin;a=b/x'],
    ['with an empty parameter', '/admin;/x', '/admin;/x'],
    ['with parameters behind a slash', '/;a=b/admin', '/;a=b/admin'],
    ['encoded twice', '/%2561dmin/x', '/%2561dmin/x'],
    ['a slash encoded twice', '/public%252f..%252fadmin', '/public%252f..%252fadmin'],
    ['dots encoded twice', '/public/%252e%252e/admin', '/public/%252e%252e/admin'],
    ['a NUL encoded twice', '/public%2500/admin', '/public%2500/admin'],
    ['a blank behind it', '/admin%20/x', '/admin%20/x'],
    ['three dots', '/public/.../admin', '/public/.../admin'],
    ['a dot behind it', '/admin./x', '/admin./x'],
    ['a dot in front of it', '/.admin/x', '/.admin/x'],
    ['an asterisk', '/*/admin', '/*/admin'],
    ['letters of another width', '/%EF%BD%81dmin', '/%EF%BD%81dmin'],
    ['dots of another width', '/public/%ef%bc%8e%ef%bc%8e/admin', '/public/%EF%BC%8E%EF%BC%8E/admin'],
    ['a slash of another width', '/public%ef%bc%8fadmin', '/public%EF%BC%8Fadmin'],
    ['a number sign encoded', '/public%23/admin', '/public%23/admin'],
    ['a query in front of it', '/?/admin/x', '/?/admin/x'],
    ['a query with dots', '/public?/../admin/x', '/public?/../admin/x'],
    ['a host of that name', 'http://a', '/'],
    ['a host of that name in a path', '//admin.example/x', '/admin.example/x'],
  ] as const) {
    await t.test(name, () => site.passesAs(request(target), { target: seen }))
  }
})

test('a path that could be seen two ways is refused', async (t) => {
  const site = await AttackedGateway.start(t, { routes: ROUTES })
  for (const [name, target] of [
    ['an encoded slash', '/public%2fadmin'],
    ['an encoded slash in upper case', '/public%2Fadmin'],
    ['an encoded slash with dots', '/public%2f..%2fadmin'],
    ['an encoded slash in front', '/%2fadmin'],
    ['an encoded slash behind', '/admin%2F'],
    ['a backslash', '/public\\admin'],
    ['a backslash with dots', '/public\\..\\admin'],
    ['a backslash in front', '/\\admin'],
    ['an encoded backslash', '/public%5cadmin'],
    ['an encoded backslash with dots', '/public/..%5Cadmin'],
    ['dots above the root', '/../admin'],
    ['dots above the root, encoded', '/%2e%2e/admin'],
    ['dots above the root, out of a folder', '/public/../../admin'],
    ['dots above the root, over slashes', '//..//admin'],
    ['dots above the root where two slashes count as one', '/admin//../../public'],
    ['dots above the root of a whole URL', 'http://a/../admin'],
    ['dots with a parameter', '/public/..;/admin'],
    ['dots with a parameter that has a value', '/public/..;a=b/admin'],
    ['encoded dots with a parameter', '/public/%2e%2e;/admin'],
    ['dots with an encoded parameter', '/public/..%3b/admin'],
    ['a dot with a parameter', '/.;/admin'],
    ['NUL', '/public%00/admin'],
    ['NUL behind a name', '/admin%00.html'],
    ['an encoded CR', '/public%0dadmin'],
    ['an encoded LF', '/public%0Aadmin'],
    ['an encoded tab', '/admin%09'],
    ['an encoded DEL', '/admin%7f'],
    ['a slash in over-long UTF-8', '/public%c0%afadmin'],
    ['a slash in over-long UTF-8 of three bytes', '/public%e0%80%afadmin'],
    ['a dot in over-long UTF-8', '/public/%c0%ae%c0%ae/admin'],
    ['a letter in over-long UTF-8', '/%c1%a1dmin'],
    ['NUL in over-long UTF-8', '/public%c0%80'],
    ['a surrogate in UTF-8', '/%ed%a0%80'],
    ['beyond Unicode in UTF-8', '/%f5%80%80%80'],
    ['UTF-8 that breaks off', '/admin%c3'],
    ['UTF-8 that does not begin', '/admin%a9'],
    ['a byte of Latin-1', '/admin%e9/x'],
    ['%u002f', '/public%u002fadmin'],
    ['%u0061', '/%u0061dmin'],
    ['a percent sign alone', '/admin%'],
    ['a percent sign with one digit', '/admin%6'],
    ['a percent sign with one digit and a slash', '/admin%2/x'],
    ['a percent sign with no digits', '/admin%zz'],
    ['a percent sign with a sign', '/admin%+2f'],
    ['two percent signs', '/%%32%66admin'],
    ['a fragment', '/public#/admin'],
    ['a fragment in the query', '/public?a#/admin'],
    ['a fragment only', '/#'],
    ['quotes', '/"admin"'],
    ['angle brackets', '/<admin>'],
    ['braces', '/{admin}'],
    ['a grave accent', '/`admin`'],
    ['a control character', '/\x01admin'],
    ['raw UTF-8', '/\xc3\xa9'],
    ['raw over-long UTF-8', '/public\xc0\xafadmin'],
  ] as const) {
    await t.test(name, () => site.refuses(request(target)))
  }
})
