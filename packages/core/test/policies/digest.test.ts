import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { parseChallenges } from '../../src/fields/challenge.ts'
import { type Body, bodyFrom } from '../../src/message/body.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { ReplayBody } from '../../src/message/replay.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { auth, type Credentials } from '../../src/policies/auth/auth.ts'
import { digestChallenge, type DigestInput, digestResponse } from '../../src/policies/auth/digest-response.ts'
import { digest } from '../../src/policies/auth/digest.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

/** The parameters of an Authorization value. */
function parametersOf(value: string | undefined): Record<string, string> {
  const [challenge] = parseChallenges(value ?? '') ?? []
  assert.equal(challenge?.scheme, 'digest')
  return Object.fromEntries(challenge.parameters)
}

const MUFASA: Omit<DigestInput, 'nonce' | 'sessionNonce'> = {
  user: 'Mufasa',
  password: 'Circle of Life',
  method: 'GET',
  uri: '/dir/index.html',
  content: new Uint8Array(),
  count: 1,
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  sessionCnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
}

function answer(
  challenge: string,
  input: Omit<DigestInput, 'nonce' | 'sessionNonce'>,
): Record<string, string> {
  const parsed = digestChallenge(parseChallenges(challenge) ?? [])
  assert.ok(parsed, 'it is a challenge that can be answered')
  return parametersOf(digestResponse(parsed, { ...input, nonce: parsed.nonce, sessionNonce: parsed.nonce }))
}

// RFC 7616 3.9.1 and RFC 2617 3.5.
for (const [challenge, input, expected] of [
  [
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    MUFASA,
    '8ca523f5e9506fed4657c9700eebdbec',
  ],
  [
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    MUFASA,
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  ],
  [
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    { ...MUFASA, password: 'Circle Of Life', cnonce: '0a4f113b' },
    '6629fae49393a05397450978507c4ef1',
  ],
] as const) {
  test(`the example of the RFC: ${expected}`, () => {
    const { response, username, opaque, nc, qop } = answer(challenge, input)
    assert.deepEqual([response, username, nc, qop], [expected, 'Mufasa', '00000001', 'auth'])
    assert.match(opaque ?? '', /^(?:FQhe|5ccc)/)
  })
}

test('SHA-512-256 and a hashed user, as RFC 7616 3.9.2 with erratum 4897', () => {
  const challenge =
    'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true'
  const input = {
    ...MUFASA,
    user: 'Jäsøn Doe',
    password: 'Secret, or not?',
    uri: '/doe.json',
    cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v',
  }
  const { username, response, userhash } = answer(challenge, input)
  assert.equal(username, '793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b')
  assert.equal(response, '3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5')
  assert.equal(userhash, 'true')
  const plain = answer(challenge.replace(', userhash=true', ''), input)
  assert.equal(plain['username*'], "UTF-8''J%C3%A4s%C3%B8n%20Doe")
})

test('the first challenge that can be answered counts', () => {
  const chosen = (value: string): string | undefined => digestChallenge(parseChallenges(value) ?? [])?.nonce
  assert.equal(
    chosen(
      'Basic realm=x, Digest realm=x, nonce=1, algorithm=SHA-3, Digest realm=x, nonce=2, algorithm="sha-256"',
    ),
    '2',
  )
  assert.equal(chosen('Digest realm=x, nonce=1, qop="other"'), undefined)
  assert.equal(chosen('Digest nonce=1'), undefined)
  assert.equal(chosen('Digest realm=x, nonce=1, algorithm=MD5-sess'), undefined)
  assert.equal(chosen('Basic realm=x'), undefined)
})

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** An origin that checks what it gets by the text of the RFC. */
class DigestOrigin {
  readonly seen: Record<string, string>[] = []
  readonly nonces: string[] = ['n1']
  password = 'p'
  offer: string
  /** Told with the next response that accepts. */
  nextnonce: string | undefined
  private readonly counts = new Map<string, number>()

  constructor(offer = 'qop="auth"') {
    this.offer = offer
  }

  get nonce(): string {
    return this.nonces.at(-1) ?? ''
  }

  readonly handler = async ({ request }: Exchange): Promise<HttpResponse> => {
    const value = request.headers.get('authorization')
    if (value === undefined) return this.refuse('')
    const proof = parametersOf(value)
    this.seen.push(proof)
    const { nonce = '', nc = '', cnonce = '', qop = '', uri, response } = proof
    const int = qop === 'auth-int' ? `:${md5(request.body.whole?.latin1 ?? '')}` : ''
    let secret = md5(`u:r:${this.password}`)
    if (this.offer.includes('sess')) secret = md5(`${secret}:n1:${cnonce}`)
    const covered = md5(`${request.method}:${uri}${int}`)
    const middle = qop === '' ? nonce : `${nonce}:${nc}:${cnonce}:${qop}`
    if (response !== md5(`${secret}:${middle}:${covered}`) || uri !== request.path + request.query)
      return this.refuse('')
    if (nonce !== this.nonce) return this.refuse(', stale=true')
    const count = Number.parseInt(nc, 16)
    if (qop !== '' && count <= (this.counts.get(nonce) ?? 0)) return this.refuse('')
    this.counts.set(nonce, count)
    const headers = new HeaderList()
    if (this.nextnonce !== undefined) {
      headers.append('authentication-info', `nextnonce="${this.nextnonce}"`)
      this.nonces.push(this.nextnonce)
      this.nextnonce = undefined
    }
    return new HttpResponse(200, headers)
  }

  private refuse(more: string): HttpResponse {
    const challenge = `Digest realm="r", nonce="${this.nonce}"${this.offer && `, ${this.offer}`}${more}`
    return new HttpResponse(401, HeaderList.of({ 'www-authenticate': challenge }))
  }
}

async function statusOf(origin: DigestOrigin, credentials: Credentials, body?: Body): Promise<number> {
  const policy = auth({ credentials, origins: ['http://a.example'] })
  const request = HttpRequest.to('http://a.example/x?y=1', body && { method: 'POST', body })
  return (await policy(origin.handler)(new Exchange(request, new VirtualClock()))).status
}

for (const offer of ['qop="auth"', 'qop="auth-int"', 'algorithm=MD5-sess, qop="auth"', '']) {
  test(`requests are accepted where the origin offers ${offer || 'what RFC 2069 had'}`, async () => {
    const origin = new DigestOrigin(offer)
    const credentials = digest('u', 'p')
    for (let round = 0; round < 3; round++)
      assert.equal(await statusOf(origin, credentials, bodyFrom('content')), 200)
    // What was asked for once is known: one request each from then on.
    assert.equal(origin.seen.length, 3)
    const counts = ['00000001', '00000002', '00000003']
    assert.deepEqual(
      origin.seen.map(({ nc }) => nc),
      offer === '' ? [undefined, undefined, undefined] : counts,
    )
  })
}

test('a nonce that has grown old is replaced, and so is the one for next time', async () => {
  const origin = new DigestOrigin()
  const credentials = digest('u', 'p')
  assert.equal(await statusOf(origin, credentials), 200)
  origin.nonces.push('n2')
  assert.equal(await statusOf(origin, credentials), 200)
  origin.nextnonce = 'n3'
  assert.equal(await statusOf(origin, credentials), 200)
  assert.equal(await statusOf(origin, credentials), 200)
  assert.deepEqual(
    origin.seen.map(({ nonce, nc }) => `${nonce} ${Number(nc)}`),
    ['n1 1', 'n1 2', 'n2 1', 'n2 2', 'n3 1'],
  )
})

test('the wrong password is tried once, and no more with what is known', async () => {
  const origin = new DigestOrigin()
  const credentials = digest('u', 'wrong')
  assert.equal(await statusOf(origin, credentials), 401)
  assert.equal(origin.seen.length, 1)
  assert.equal(await statusOf(origin, credentials), 401)
  assert.equal(origin.seen.length, 2)
})

test('a password that is changed at the origin is refused, and a right one found again costs one more request', async () => {
  const origin = new DigestOrigin()
  const credentials = digest('u', 'p')
  assert.equal(await statusOf(origin, credentials), 200)
  origin.password = 'other'
  assert.equal(await statusOf(origin, credentials), 401)
  assert.equal(origin.seen.length, 2)
  origin.password = 'p'
  assert.equal(await statusOf(origin, credentials), 200)
})

test('requests that begin at the same time count on from each other', async () => {
  const origin = new DigestOrigin()
  const credentials = digest('u', 'p')
  const statuses = await Promise.all([1, 2, 3].map(() => statusOf(origin, credentials)))
  assert.deepEqual(statuses, [200, 200, 200])
  assert.deepEqual(
    origin.seen.map(({ nc }) => Number(nc)),
    [1, 2, 3],
  )
})

test('content that is not here cannot be covered: the 401 is delivered', async () => {
  const origin = new DigestOrigin('qop="auth-int"')
  const body = new ReplayBody(() => bodyFrom('content'))
  assert.equal(await statusOf(origin, digest('u', 'p'), body), 401)
  assert.equal(origin.seen.length, 0)
})
