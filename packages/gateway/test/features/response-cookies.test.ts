import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../scripts/testing/property.ts'
import { hardened } from '../../src/features/response-cookies.ts'
import type { ResponseCookiesInput } from '../../src/config/input/input.ts'
import { ask } from '../survival/http-client.ts'
import { startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { assertRefused } from './refused-route.ts'

const ALL = { secure: true, httpOnly: true, sameSite: 'lax' } as const

test('each cookie gets what it lacks, in a line of its own, and those that are excepted are left alone', async (t) => {
  const { url } = await startService(t, (_, response) => {
    response.setHeader('set-cookie', [
      'session=a,b; Expires=Wed, 21 Oct 2099 07:28:00 GMT; Path=/',
      'csrf=c; SameSite=Strict',
      'theme=dark',
      'only a value',
    ])
    response.end()
  })
  const rules: ResponseCookiesInput[] = [
    { names: ['sess*'], sameSite: 'strict' },
    { except: ['theme'], httpOnly: false },
  ]
  const gateway = await startGateway(t, { routes: [{ upstream: url, responseCookies: rules }] })
  assert.deepEqual((await ask(gateway.url)).headers['set-cookie'], [
    'session=a,b; Expires=Wed, 21 Oct 2099 07:28:00 GMT; Path=/; Secure; HttpOnly; SameSite=Strict',
    'csrf=c; SameSite=Strict; Secure',
    'theme=dark',
    'only a value; Secure; SameSite=Lax',
  ])
})

test('attributes are read as browsers read them: in any case, the last one, and none that is too long', () => {
  assert.equal(
    hardened('a=b; sEcure=no;HTTPONLY ;samesite= STRICT', ALL),
    'a=b; sEcure=no;HTTPONLY ;samesite= STRICT',
  )
  // In the value, it is no attribute.
  assert.equal(hardened('a=Secure HttpOnly', ALL), 'a=Secure HttpOnly; Secure; HttpOnly; SameSite=Lax')
  assert.equal(hardened('a=b; SameSite=Strict; SameSite=None', ALL), 'a=b; Secure; HttpOnly; SameSite=Lax')
  assert.equal(
    hardened('a=b; SameSite=None', { ...ALL, sameSite: 'none' }),
    'a=b; SameSite=None; Secure; HttpOnly',
  )
  assert.equal(hardened('a=b; SameSite=Strict; SameSite=what', ALL), 'a=b; Secure; HttpOnly; SameSite=Lax')
  const long = `a=b; Secure=${'x'.repeat(1025)}`
  assert.ok(hardened(long, ALL).endsWith('; Secure; HttpOnly; SameSite=Lax'))
  assert.equal(
    hardened('a=b; SameSite=None', { secure: false, httpOnly: false, sameSite: false }),
    'a=b; SameSite=None',
  )
})

test('hardening a second time changes nothing, and never the name, the value or where the cookie belongs', () => {
  const part = fc.constantFrom(
    '',
    ' ',
    'a',
    'a=b',
    'Secure',
    ' SameSite=None',
    'SameSite',
    ' Path=/x',
    'HttpOnly',
    ' Domain=a.example',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const line = parts.join(';')
      const once = hardened(line, ALL)
      assert.equal(hardened(once, ALL), once)
      assert.equal(once.split(';')[0], line.split(';')[0])
      assert.deepEqual(once.match(/Path=\/x|Domain=a\.example/g), line.match(/Path=\/x|Domain=a\.example/g))
    }),
  )
})

test('a pattern of cookies has its star at the end alone', () => {
  assertRefused({ responseCookies: { names: ['*session'] } }, /is not the name of a cookie/)
})
