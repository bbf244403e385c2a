import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { Exchange, HttpRequest } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import type { Verdict } from '../../../src/features/authentication/authenticator.ts'
import { JwtAuthenticator } from '../../../src/features/authentication/jwt/jwt.ts'
import { fetchKeys } from '../../../src/features/authentication/jwt/fetch-keys.ts'
import type { FetchDocument } from '../../../src/features/authentication/remote-document.ts'
import type { JwtConfig } from '../../../src/features/authentication/jwt/setting.ts'

const ISSUER = 'https://login.example'
const { publicKey, privateKey } = await generateKeyPair('ES256')
const JWK_OF: JWK = { ...(await exportJWK(publicKey)), kid: 'first', alg: 'ES256' }
const PEM = await exportSPKI(publicKey)

const CONFIG: JwtConfig = {
  issuer: [ISSUER],
  audience: ['orders'],
  keys: JSON.stringify({ keys: [JWK_OF] }),
  required: [],
  clockSkew: 30_000,
  claims: { subject: 'sub', name: 'name', groups: 'groups', scopes: 'scope' },
  forward: true,
}

const GOOD = { iss: ISSUER, aud: 'orders', sub: 'anna', exp: 4_000_000_000 }

/** Signed by the issuer, unless told otherwise. */
function sign(payload: JWTPayload = GOOD, header: object = {}, key = privateKey): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'first', ...header }).sign(key)
}

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

function exchangeWith(token: string, clock = new VirtualClock()): Exchange {
  return new Exchange(
    HttpRequest.to('http://shop.example/', { headers: { authorization: `Bearer ${token}` } }),
    clock,
  )
}

async function judged(token: string, config: Partial<JwtConfig> = {}): Promise<Verdict> {
  return new JwtAuthenticator('web', { ...CONFIG, ...config }, new VirtualClock()).verify(exchangeWith(token))
}

async function assertRejected(token: string, reason: RegExp, config: Partial<JwtConfig> = {}): Promise<void> {
  const verdict = await judged(token, config)
  assert.equal(verdict.kind, 'rejected')
  assert.match(verdict.reason, reason)
  assert.match(verdict.challenge ?? '', /^Bearer error="invalid_token"/)
  assert.ok(!JSON.stringify(verdict).includes(token))
}

describe('a signed token', () => {
  it('tells who asks, with groups and scopes', async () => {
    const token = await sign({
      ...GOOD,
      name: 'Anna',
      groups: ['admins'],
      scope: 'orders:read orders:write',
      tier: 'gold',
    })
    const verdict = await judged(token)
    assert.equal(verdict.kind, 'known')
    const { claims, ...identity } = verdict.identity
    assert.deepEqual(identity, {
      kind: 'jwt',
      authenticator: 'web',
      subject: 'anna',
      name: 'Anna',
      groups: ['admins'],
      scopes: ['orders:read', 'orders:write'],
    })
    assert.equal(claims['tier'], 'gold')
    assert.equal((await judged(token, { keys: PEM })).kind, 'known')
  })

  it('must be for this audience, from this issuer, with an end that has not come, and with all claims that are required', async () => {
    await assertRejected(await sign({ ...GOOD, aud: 'payments' }), /the claim aud/)
    await assertRejected(await sign({ ...GOOD, iss: 'https://other.example' }), /the claim iss/)
    await assertRejected(await sign({ ...GOOD, exp: 1 }), /has expired/)
    await assertRejected(await sign({ iss: ISSUER, aud: 'orders', sub: 'anna' }), /the claim exp/)
    await assertRejected(await sign({ ...GOOD, nbf: 3_999_999_999 }), /the claim nbf/)
    await assertRejected(await sign({ ...GOOD, sub: '' }), /has no claim sub/)
    await assertRejected(await sign(), /the claim tenant/, { required: ['tenant'] })
    await assertRejected(await sign(), /the claim typ/, { type: 'at+jwt' })
    assert.equal((await judged(await sign(GOOD, { typ: 'at+jwt' }), { type: 'at+jwt' })).kind, 'known')
    await assertRejected(await sign({ ...GOOD, iat: 1 }), /the claim iat|has expired/, { maxAge: 60_000 })
  })
})

it('that was verified is taken no more once it is too old, or has ended', async () => {
  for (const [payload, config] of [
    [{ ...GOOD, iat: 1_000 }, { maxAge: 60_000 }],
    [{ ...GOOD, exp: 1_060 }, {}],
  ] as const) {
    const clock = new VirtualClock({ wallTime: 1_000_000 })
    const authenticator = new JwtAuthenticator('web', { ...CONFIG, ...config }, clock)
    const token = await sign(payload)
    const kind = async (): Promise<string> => (await authenticator.verify(exchangeWith(token, clock))).kind
    assert.equal(await kind(), 'known')
    await clock.advance(89_000)
    assert.equal(await kind(), 'known')
    await clock.advance(2_000)
    assert.equal(await kind(), 'rejected')
  }
})

describe('what others have been let in by', () => {
  it('alg none', async () => {
    for (const alg of ['none', 'None', 'NONE'])
      await assertRejected(`${part({ alg, typ: 'JWT' })}.${part(GOOD)}.`, /not allowed here|is not valid/)
  })

  it('a public key taken for the secret of an HMAC', async () => {
    const token = await new SignJWT(GOOD).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(PEM))
    await assertRejected(token, /not allowed here/, { keys: PEM })
    await assertRejected(token, /not allowed here/)
  })

  it('a key that the token brings along, in jwk, or that it leads to, in jku and x5u', async () => {
    const forger = await generateKeyPair('ES256')
    const jwk = await exportJWK(forger.publicKey)
    for (const header of [
      { jwk },
      { jku: 'https://forger.example/keys' },
      { x5u: 'https://forger.example/cert' },
    ])
      await assertRejected(await sign(GOOD, header, forger.privateKey), /signature/)
  })

  it('a kid that is a path or a query', async () => {
    for (const kid of ['../../../../dev/null', "first' OR '1'='1", '/dev/null\0'])
      await assertRejected(await sign(GOOD, { kid }), /a key that is not known/)
  })

  it('a claim that stands there twice', async () => {
    const { CompactSign } = await import('jose')
    const text = `{"sub":"anna",${JSON.stringify(GOOD).slice(1, -1)},"sub":"admin"}`
    const token = await new CompactSign(Buffer.from(text))
      .setProtectedHeader({ alg: 'ES256', kid: 'first' })
      .sign(privateKey)
    await assertRejected(token, /names a claim twice/)
  })

  it('a header that is critical and not understood, and tokens that are too long or no tokens', async () => {
    const critical = new SignJWT(GOOD).setProtectedHeader({
      alg: 'ES256',
      kid: 'first',
      crit: ['exp'],
      exp: 1,
    })
    await assertRejected(await critical.sign(privateKey, { crit: { exp: true } }), /is not valid/)
    await assertRejected('x'.repeat(10_000), /is too long/)
    for (const token of ['abc', 'a.b', 'a.b.c', '..', `${part('{')}.${part('{')}.x`])
      await assertRejected(token, /is not valid/)
  })

  it('a signature that was changed', async () => {
    const token = await sign()
    const [header, payload, signature = ''] = token.split('.')
    const changed = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
    await assertRejected(`${header}.${payload}.${changed}`, /signature/)
    await assertRejected(`${header}.${part({ ...GOOD, sub: 'admin' })}.${signature}`, /signature/)
  })
})

interface Issuer {
  readonly url: string
  /** What it answers. */
  answer: string
  asked: number
}

async function startIssuer(t: TestContext): Promise<Issuer> {
  const issuer = { url: '', answer: JSON.stringify({ keys: [JWK_OF] }), asked: 0 }
  const server = createServer((_, response) => {
    issuer.asked++
    if (issuer.answer === '') response.statusCode = 500
    response.setHeader('cache-control', 'public, max-age=120')
    response.end(issuer.answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  return issuer
}

describe('the keys of an issuer', () => {
  async function remote(
    t: TestContext,
    fetch: FetchDocument = fetchKeys,
  ): Promise<{ issuer: Issuer; clock: VirtualClock; judge: (token: string) => Promise<Verdict> }> {
    const issuer = await startIssuer(t)
    const clock = new VirtualClock()
    const { keys: _, ...config } = CONFIG
    const authenticator = new JwtAuthenticator('web', { ...config, jwks: issuer.url }, clock, fetch)
    return { issuer, clock, judge: async (token) => authenticator.verify(exchangeWith(token, clock)) }
  }

  it('are fetched once for all that wait, and kept for as long as the answer says', async (t) => {
    const { issuer, clock, judge } = await remote(t)
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, index) => sign({ ...GOOD, jti: String(index) })),
    )
    const verdicts = await Promise.all(tokens.map(judge))
    assert.deepEqual([...new Set(verdicts.map(({ kind }) => kind))], ['known'])
    assert.equal(issuer.asked, 1)
    await clock.advance(119_000)
    assert.equal((await judge(await sign({ ...GOOD, jti: 'a' }))).kind, 'known')
    assert.equal(issuer.asked, 1)
  })

  it('are fetched again for a token whose key is new, though not for each of many such tokens', async (t) => {
    const { issuer, clock, judge } = await remote(t)
    assert.equal((await judge(await sign())).kind, 'known')
    const next = await generateKeyPair('ES256')
    const rotated = await sign(GOOD, { kid: 'second' }, next.privateKey)
    issuer.answer = JSON.stringify({
      keys: [JWK_OF, { ...(await exportJWK(next.publicKey)), kid: 'second' }],
    })
    assert.equal((await judge(rotated)).kind, 'rejected')
    assert.equal(issuer.asked, 1)
    await clock.advance(30_000)
    assert.equal((await judge(rotated)).kind, 'known')
    for (let index = 0; index < 50; index++)
      assert.equal(
        (await judge(await sign({ ...GOOD, jti: `${index}` }, { kid: `made-up-${index}` }))).kind,
        'rejected',
      )
    assert.equal(issuer.asked, 2)
  })

  it('that are taken back end the tokens that they have signed, those that were verified already too', async (t) => {
    const { issuer, clock, judge } = await remote(t)
    const token = await sign()
    assert.equal((await judge(token)).kind, 'known')
    const next = await generateKeyPair('ES256')
    issuer.answer = JSON.stringify({ keys: [{ ...(await exportJWK(next.publicKey)), kid: 'second' }] })
    await clock.advance(121_000)
    const other = await sign({ ...GOOD, jti: 'x' }, { kid: 'second' }, next.privateKey)
    for (let tries = 0; tries < 100 && issuer.asked < 2; tries++) {
      await judge(other)
      await clock.advance(31_000)
    }
    assert.equal((await judge(other)).kind, 'known')
    assert.equal((await judge(token)).kind, 'rejected')
  })

  it('serve for a day where the issuer is away; where there never were any, the answer is that it is not available', async (t) => {
    const { issuer, clock, judge } = await remote(t)
    issuer.answer = ''
    const verdict = await judge(await sign())
    assert.equal(verdict.kind, 'unavailable')
    assert.match(verdict.reason, /cannot be fetched/)
    issuer.answer = JSON.stringify({ keys: [JWK_OF] })
    await clock.advance(5_000)
    assert.equal((await judge(await sign())).kind, 'known')
    issuer.answer = ''
    await clock.advance(23 * 3_600_000)
    assert.equal((await judge(await sign({ ...GOOD, jti: 'a' }))).kind, 'known')
    await clock.advance(2 * 3_600_000)
    assert.equal((await judge(await sign({ ...GOOD, jti: 'b' }))).kind, 'unavailable')
  })

  it('are taken neither from an answer that is huge, nor from one that is no key set', async (t) => {
    const { issuer, clock, judge } = await remote(t)
    for (const answer of [
      'x'.repeat(300_000),
      '<html>',
      '{"keys":1}',
      JSON.stringify({ keys: Array.from({ length: 101 }, () => JWK_OF) }),
    ]) {
      issuer.answer = answer
      assert.equal((await judge(await sign())).kind, 'unavailable', answer.slice(0, 20))
      await clock.advance(5_000)
    }
  })
})
