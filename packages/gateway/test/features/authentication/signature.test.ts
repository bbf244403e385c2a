import assert from 'node:assert/strict'
import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { Exchange, HttpRequest, WholeBody } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import type { Verdict } from '../../../src/features/authentication/authenticator.ts'
import { SignatureAuthenticator } from '../../../src/features/authentication/signature/signature.ts'
import type { SignatureConfig } from '../../../src/features/authentication/signature/setting.ts'
import { type Answer, ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'

const pem = (base64: string): string => `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`

/** The keys of RFC 9421 B.1. */
const RFC_KEYS: SignatureConfig['keys'] = [
  {
    id: 'test-key-rsa-pss',
    algorithm: 'rsa-pss-sha512',
    key: pem(
      `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB`,
    ),
  },
  {
    id: 'test-key-ecc-p256',
    algorithm: 'ecdsa-p256-sha256',
    key: pem(
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf\nw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==',
    ),
  },
  {
    id: 'test-key-ed25519',
    algorithm: 'ed25519',
    key: pem('MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs='),
  },
  {
    id: 'test-shared-secret',
    algorithm: 'hmac-sha256',
    secret: 'base64:uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
  },
].map((key) => ({ groups: [], scopes: [], ...key }) as SignatureConfig['keys'][number])

/** The request of RFC 9421 B.2. */
const DIGEST =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:'
const CREATED = 1_618_884_473

const CONFIG: SignatureConfig = {
  keys: RFC_KEYS,
  components: [],
  maxAge: 300_000,
  clockSkew: 30_000,
  wholeBody: 65_536,
}

interface Given {
  readonly input: string
  readonly signature: string
  readonly content?: string
  readonly headers?: Record<string, string>
  readonly query?: string
  readonly at?: number
}

async function judged(
  { input, signature, content = '', headers = {}, query = '?param=Value&Pet=dog', at = CREATED }: Given,
  config: Partial<SignatureConfig> = {},
): Promise<Verdict> {
  const clock = new VirtualClock({ wallTime: at * 1_000 })
  const request = HttpRequest.to(`https://example.com/foo${query}`, {
    method: 'POST',
    headers: {
      date: 'Tue, 20 Apr 2021 02:07:55 GMT',
      'content-type': 'application/json',
      'content-digest': DIGEST,
      'content-length': '18',
      'signature-input': input,
      signature,
      ...headers,
    },
    ...(content !== '' && { body: WholeBody.fromBytes(Buffer.from(content)) }),
  })
  const authenticator = new SignatureAuthenticator('machines', { ...CONFIG, ...config }, undefined)
  return authenticator.verify(new Exchange(request, clock), () => false)
}

const HELLO = '{"hello": "world"}'
const B21: Given = {
  input: 'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
  signature:
    'sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:',
}
const B22: Given = {
  content: HELLO,
  input:
    'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
  signature:
    'sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:',
}
const B23: Given = {
  content: HELLO,
  input:
    'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
  signature:
    'sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:',
}
const B25: Given = {
  input: 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
  signature: 'sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:',
}
const B26: Given = {
  input:
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
  signature:
    'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
}

const reasonOf = (verdict: Verdict): string => ('reason' in verdict ? verdict.reason : verdict.kind)

describe('a signature of RFC 9421 B.2', () => {
  for (const [name, given] of Object.entries({ B21, B22, B23, B25, B26 }))
    it(`${name} is right, and wrong with another key, time, host or bit`, async () => {
      assert.equal((await judged(given)).kind, 'known')
      const { input, signature } = given
      const flipped = signature.replace(/=:(.)/, (_, first: string) => `=:${first === 'A' ? 'B' : 'A'}`)
      for (const other of [
        { ...given, input: input.replace('1618884473', '1618884474') },
        { ...given, input: input.replace(/keyid="[^"]*"/, 'keyid="test-key-ecc-p256"') },
        { ...given, signature: flipped },
      ])
        assert.equal(reasonOf(await judged(other)), 'the signature is wrong')
    })

  it('holds for what it covers alone', async () => {
    assert.equal((await judged({ ...B25, query: '?other' })).kind, 'known')
    assert.equal(reasonOf(await judged({ ...B22, query: '?Pet=cat' })), 'the signature is wrong')
    assert.match(reasonOf(await judged({ ...B22, query: '?Pet=dog&Pet=dog' })), /does not have, or has twice/)
    assert.equal(reasonOf(await judged({ ...B26, headers: { date: 'today' } })), 'the signature is wrong')
    assert.match(reasonOf(await judged({ ...B22, content: '{"hello": "World"}' })), /content is not what/)
    const second = { 'content-digest': `${DIGEST}, sha-256=:${'A'.repeat(43)}=:` }
    assert.match(reasonOf(await judged({ ...B23, headers: second })), /the signature is wrong/)
  })
})

describe('a signature', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const spki = String(publicKey.export({ type: 'spki', format: 'pem' }))
  const keys: SignatureConfig['keys'] = [
    { id: 'a', algorithm: 'ed25519', key: spki, subject: 'shop', groups: ['partners'], scopes: ['pay'] },
    { id: 'h', algorithm: 'hmac-sha256', secret: spki, groups: [], scopes: [] },
  ]
  const USUAL = '"@method" "@target-uri"'

  /** Signs by hand what RFC 9421 2.5 says, for `POST https://example.com/foo?a=b`. */
  function signed(components: string, parameters: string, lines: Record<string, string> = {}): Given {
    const values: Record<string, string> = {
      '"@method"': 'POST',
      '"@target-uri"': 'https://example.com/foo?a=b',
      '"@authority"': 'example.com',
      '"@scheme"': 'https',
      '"@path"': '/foo',
      '"@query"': '?a=b',
      '"@request-target"': '/foo?a=b',
      '"content-digest"': DIGEST,
      ...lines,
    }
    const covered = components === '' ? [] : (components.match(/"[^"]*"(?:;[^ ]*)?/g) ?? [])
    const written = `(${components})${parameters}`
    const base = [
      ...covered.map((each) => `${each}: ${values[each]}`),
      `"@signature-params": ${written}`,
    ].join('\n')
    const signature = sign(null, Buffer.from(base, 'latin1'), privateKey).toString('base64')
    return { input: `s=${written}`, signature: `s=:${signature}:`, query: '?a=b' }
  }

  const params = `;created=${CREATED};keyid="a"`
  const judge = (given: Given, config: Partial<SignatureConfig> = {}): Promise<Verdict> =>
    judged(given, { keys, components: ['@method', '@target-uri'], ...config })

  it('says who asks', async () => {
    const verdict = await judge(signed(USUAL, params))
    assert.ok(verdict.kind === 'known')
    const { subject, groups, scopes, claims } = verdict.identity
    assert.deepEqual(
      [subject, groups, scopes, claims],
      ['shop', ['partners'], ['pay'], { keyid: 'a', algorithm: 'ed25519' }],
    )
  })

  it('must cover what the configuration asks for, and the digest of content', async () => {
    for (const components of [
      `${USUAL} "@scheme" "@request-target"`,
      '"@method" "@authority" "@path" "@query"',
    ])
      assert.equal((await judge(signed(components, params))).kind, 'known', components)
    for (const [components, lacking] of [
      ['"@method"', '@target-uri'],
      ['"@target-uri"', '@method'],
      ['"@method" "@path" "@query"', '@target-uri'],
      ['', '@method'],
    ] as const)
      assert.equal(
        reasonOf(await judge(signed(components, params))),
        `the signature does not cover ${lacking}`,
      )
    const content = { content: HELLO }
    assert.match(
      reasonOf(await judge({ ...signed(USUAL, params), ...content })),
      /does not cover content-digest/,
    )
    assert.equal((await judge({ ...signed(`${USUAL} "content-digest"`, params), ...content })).kind, 'known')
    // A part of the field is not the field.
    const part = signed(`${USUAL} "content-digest";key="sha-512"`, params, {
      '"content-digest";key="sha-512"': DIGEST.slice('sha-512='.length),
    })
    assert.match(reasonOf(await judge({ ...part, ...content })), /does not cover content-digest/)
  })

  it('is understood with members of dictionaries and fields as bytes, and with nothing that is not', async () => {
    const headers = { 'x-list': 'a=1, b=(2 3);c', 'x-raw': ' two  words ' }
    const raw = `:${Buffer.from('two  words').toString('base64')}:`
    for (const [component, line, isKnown] of [
      ['"x-list";key="b"', '(2 3);c', true],
      ['"x-raw";bs', raw, true],
      ['"x-raw"', 'two  words', true],
      ['"x-list";key="d"', '', false],
      ['"x-list";sf', 'a=1, b=(2 3);c', false],
      ['"x-raw";tr', 'two  words', false],
      ['"X-Raw"', 'two  words', false],
      ['"@method";req', 'POST', false],
      ['"@status"', '200', false],
      ['"x-missing"', '', false],
      ['"@method"', 'POST', false],
    ] as const) {
      const verdict = await judge({
        ...signed(`${USUAL} ${component}`, params, { [component]: line }),
        headers,
      })
      assert.equal(verdict.kind, isKnown ? 'known' : 'rejected', component)
    }
  })

  it('is good for a time', async () => {
    for (const [parameters, at, reason] of [
      [params, CREATED + 330, undefined],
      [params, CREATED + 331, 'the signature is too old'],
      [params, CREATED - 30, undefined],
      [params, CREATED - 31, 'the signature is of a time to come'],
      [`;keyid="a"`, CREATED, 'the signature does not say when it was made'],
      [`;created="now";keyid="a"`, CREATED, 'the signature does not say when it was made'],
      [`${params};expires=${CREATED + 10}`, CREATED + 40, undefined],
      [`${params};expires=${CREATED + 10}`, CREATED + 41, 'the signature has expired'],
      [`${params};expires="never"`, CREATED, 'the signature has expired'],
    ] as const) {
      const verdict = await judge({ ...signed(USUAL, parameters), at })
      assert.equal(reasonOf(verdict), reason ?? 'known', `${parameters} at ${at}`)
    }
  })

  it('does not choose its algorithm, nor a key as a secret', async () => {
    assert.equal((await judge(signed(USUAL, `${params};alg="ed25519"`))).kind, 'known')
    for (const alg of ['hmac-sha256', 'none', ''])
      assert.match(
        reasonOf(await judge(signed(USUAL, `${params};alg="${alg}"`))),
        /in a way that is not allowed/,
      )
    const confused = signed(USUAL, `;created=${CREATED};keyid="h"`)
    assert.equal(reasonOf(await judge(confused)), 'the signature is wrong')
  })

  it('must be for what it is taken for, and be one of those that are meant', async () => {
    const config = { tag: 'shop' }
    assert.equal((await judge(signed(USUAL, `${params};tag="shop"`), config)).kind, 'known')
    assert.match(reasonOf(await judge(signed(USUAL, `${params};tag="bank"`), config)), /for something else/)
    assert.match(reasonOf(await judge(signed(USUAL, params), config)), /for something else/)
    assert.match(
      reasonOf(await judge(signed(USUAL, `;created=${CREATED};keyid="b"`))),
      /key that is not known/,
    )
    const { input, signature } = signed(USUAL, params)
    const two = {
      input: `p=("@method");keyid="proxy", ${input}`,
      signature: `p=:AAAA:, ${signature}`,
      query: '?a=b',
    }
    assert.equal((await judge(two)).kind, 'known')
  })

  it('that is malformed, or too long, is refused, and who sends none has shown nothing', async () => {
    const good = signed(USUAL, params)
    for (const other of [
      { ...good, signature: '' },
      { ...good, input: '' },
      { ...good, input: good.input.replace('s=', 't=') },
      { ...good, input: 's=1' },
      { ...good, signature: 's="text"' },
      { ...good, input: `${good.input}${' '.repeat(9_000)}` },
      { ...good, input: 's=(1 2);keyid="a"' },
      { ...good, input: `s=(${'"a" '.repeat(60).trim()});keyid="a"` },
      {
        ...good,
        input: `${good.input}, ${Array.from({ length: 12 }, (_, index) => `x${index}=()`).join(', ')}`,
      },
    ])
      assert.equal(reasonOf(await judge(other)), 'the signature is malformed')
    const authenticator = new SignatureAuthenticator('machines', { ...CONFIG, keys }, undefined)
    const exchange = new Exchange(HttpRequest.to('https://example.com/'), new VirtualClock())
    assert.equal((await authenticator.verify(exchange, () => false)).kind, 'absent')
  })
})

describe('over sockets', () => {
  const SECRET = 'a secret that is long enough for all'
  const key = createPrivateKey({
    key: generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
    format: 'jwk',
  })
  void key

  interface Sent {
    readonly content?: string
    readonly claimed?: string
    readonly nonce?: string
    readonly chunked?: boolean
    /** What it is signed with. */
    readonly secret?: string
  }

  /** A request that is signed by a shared secret, with a digest of `claimed`. */
  async function start(
    t: TestContext,
    more: Partial<NonNullable<NonNullable<GatewayConfigInput['authenticators']>[string]['signature']>> = {},
    failedAuthentication: GatewayConfigInput['failedAuthentication'] = {},
  ): Promise<{ send: (sent?: Sent) => Promise<Answer | undefined>; seen: string[]; whole: string[] }> {
    const seen: string[] = []
    const whole: string[] = []
    const { url: upstream } = await startService(t, (request, response) => {
      const index = seen.push('') - 1
      request.on('error', () => {})
      request.on('data', (piece: Buffer) => (seen[index] += piece.toString()))
      request.on('end', () => {
        whole.push(seen[index] ?? '')
        response.end('ok')
      })
    })
    const signature = { keys: [{ id: 'k', algorithm: 'hmac-sha256' as const, secret: SECRET }], ...more }
    const { url } = await startGateway(t, {
      authenticators: { machines: { signature } },
      failedAuthentication,
      routes: [{ authentication: 'machines', upstream }],
    })
    const { createHmac } = await import('node:crypto')
    const send = async ({
      content = '',
      claimed = content,
      nonce,
      chunked = false,
      secret = SECRET,
    }: Sent = {}): Promise<Answer | undefined> => {
      const method = content === '' ? 'GET' : 'PUT'
      const digest = `sha-256=:${createHash('sha256').update(claimed).digest('base64')}:`
      const covered = content === '' ? '"@method" "@target-uri"' : '"@method" "@target-uri" "content-digest"'
      const created = Math.floor(Date.now() / 1_000)
      const written = `(${covered});created=${created};keyid="k"${nonce === undefined ? '' : `;nonce="${nonce}"`}`
      const lines = [`"@method": ${method}`, `"@target-uri": ${url}/a`]
      if (content !== '') lines.push(`"content-digest": ${digest}`)
      const base = [...lines, `"@signature-params": ${written}`].join('\n')
      const made = createHmac('sha256', secret).update(base).digest('base64')
      const headers = {
        'signature-input': `s=${written}`,
        signature: `s=:${made}:`,
        ...(content !== '' && { 'content-digest': digest }),
        ...(chunked && { 'transfer-encoding': 'chunked' }),
        ...(!chunked && content !== '' && { 'content-length': String(content.length) }),
      }
      return ask(`${url}/a`, { method, headers, content }).catch(() => undefined)
    }
    return { send, seen, whole }
  }

  it('that are wrong, with the name of a key that everybody knows, do not lock out its owner', async (t) => {
    const { send } = await start(t, {}, { perClient: '100/s', perAccount: '2/h' })
    for (let count = 0; count < 4; count++)
      assert.equal((await send({ secret: 'another secret that is long enough' }))?.status, 401)
    assert.equal((await send())?.status, 200)
  })

  it('content that is as its digest says reaches the upstream, small or large, of known size or not', async (t) => {
    const { send, whole } = await start(t)
    const large = 'x'.repeat(200_000)
    for (const sent of [
      {},
      { content: 'small' },
      { content: 'small', chunked: true },
      { content: large },
      { content: large, chunked: true },
    ])
      assert.equal((await send(sent))?.status, 200)
    assert.deepEqual(
      whole.map(({ length }) => length),
      [0, 5, 5, 200_000, 200_000],
    )
  })

  it('of content that is not, the upstream sees nothing, or never the end', async (t) => {
    const { send, seen, whole } = await start(t)
    const small = await send({ content: 'small', claimed: 'Small' })
    assert.deepEqual([small?.status, seen.length], [401, 0])
    const large = 'x'.repeat(200_000)
    for (const chunked of [false, true]) {
      const answer = await send({ content: large, claimed: `${large}y`, chunked })
      assert.ok(answer === undefined || answer.status === 400, String(answer?.status))
    }
    assert.deepEqual(whole, [])
    assert.ok(seen.every(({ length }) => length < 200_000))
  })

  it('a nonce is good once, where nonces are remembered', async (t) => {
    const { send } = await start(t, { nonces: 100 })
    assert.equal((await send({ nonce: 'one' }))?.status, 200)
    const again = await send({ nonce: 'one' })
    assert.equal(again?.status, 401)
    assert.equal((await send({ nonce: 'two' }))?.status, 200)
    assert.equal((await send())?.status, 401)
  })
})

it('a configuration of signatures is refused where a key does not fit its algorithm', () => {
  const rsa = String(
    generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' }),
  )
  const ed = RFC_KEYS[2]?.key
  const said = (...keys: object[]): string => {
    const authenticators = { machines: { signature: { keys } } }
    const parsed = parseConfig({ authenticators, routes: [{ authentication: 'machines', respond: {} }] })
    return parsed.ok ? '' : parsed.problems.map(({ message }) => message).join()
  }
  assert.equal(said({ id: 'a', algorithm: 'ed25519', key: ed }), '')
  const secret = 'x'.repeat(32)
  for (const [key, expected] of [
    [{ algorithm: 'ed25519', secret }, /has no key, which ed25519 takes/],
    [{ algorithm: 'hmac-sha256', key: ed }, /has no secret, which hmac-sha256 takes/],
    [{ algorithm: 'hmac-sha256', key: ed, secret }, /has no meaning for hmac-sha256/],
    [{ algorithm: 'ecdsa-p256-sha256', key: ed }, /is no key for ecdsa-p256-sha256/],
    [{ algorithm: 'rsa-pss-sha512', key: rsa }, /is no key for rsa-pss-sha512/],
    [{ algorithm: 'hmac-sha256', secret: 'short' }, /is too short/],
    [{ algorithm: 'rsa-v1_5-sha256', key: rsa }, /rsa-v1_5-sha256/],
  ] as const)
    assert.match(said({ id: 'a', ...key }), expected)
  assert.match(
    said({ id: 'a', algorithm: 'ed25519', key: ed }, { id: 'a', algorithm: 'ed25519', key: ed }),
    /id of another key/,
  )
})
