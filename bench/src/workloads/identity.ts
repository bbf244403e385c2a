import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { own } from '../peers/all.ts'
import { headgateWith } from '../peers/headgate.ts'
import { requestsPerCpuSecond } from './figures.ts'
import { ownAgainstOwn } from './own-against-own.ts'
import type { Workload } from './workload.ts'

const BARE = 'bare route'
const FEW = '10 and 10'
const MANY = '10,000 consumers, 1,000 networks'

const figures = [requestsPerCpuSecond]
const key = (name: string): string => `the key of ${name}, of many characters`
const hash = (name: string): string => `sha256:${createHash('sha256').update(key(name)).digest('hex')}`
const keyField = (name: string): string => `X-Api-Key: ${key(name)}`

/** Whoever looks whether the gateway is there has no credentials. */
const by = (name: string): object => ({ anyOf: [name], anonymous: true })

/** So many callers, each with a key, and a rule that denies so many networks, of which none is that of the load. */
function consumers(count: number, networks: number): string {
  const names = Array.from({ length: count }, (_, index) => `c${index}`)
  const keys = names.map((name) => ({ name, hash: hash(name) }))
  const known = Object.fromEntries(names.map((name) => [name, { credentials: { keys: name } }]))
  const denied = Array.from({ length: networks }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`)
  return sections({
    authenticators: { keys: { apiKey: { keys } } },
    consumers: known,
    defaults: { authentication: by('keys'), authorization: { deny: { client: denied } } },
  })
}

/** What JSON says, YAML says, too. */
function sections(all: Readonly<Record<string, object>>): string {
  return Object.entries(all)
    .map(([name, section]) => `${name}: ${JSON.stringify(section)}\n`)
    .join('')
}

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function token(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: 'https://login.example',
    aud: 'shop',
    sub: 'ada',
    scope: 'orders:read',
    iat: now,
    exp: now + 86_400,
  }
  const signed = `${part({ alg: 'ES256', kid: 'one', typ: 'JWT' })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

function tokens(): string {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }
  const jwt = {
    issuer: 'https://login.example',
    audience: 'shop',
    algorithms: ['ES256'],
    keys: JSON.stringify({ keys: [jwk] }),
  }
  return sections({ authenticators: { idp: { jwt } }, defaults: { authentication: by('idp') } })
}

/** What it costs to know who asks. */
export const identityWorkloads: readonly Workload[] = [
  ownAgainstOwn({
    name: 'api-key',
    title: `${own.name} with an API key on 10 routes, against bare ones`,
    reference: BARE,
    figures,
    load: { exchange: 'small', fields: [keyField('c7')] },
    contenders: [
      { name: BARE, peer: own, routes: 10 },
      {
        name: 'with API keys',
        peer: headgateWith(() =>
          sections({
            authenticators: { keys: { apiKey: { keys: [{ name: 'c7', hash: hash('c7') }] } } },
            defaults: { authentication: by('keys') },
          }),
        ),
        routes: 10,
      },
    ],
  }),
  ownAgainstOwn({
    name: 'jwt',
    title: `${own.name} with a JSON Web Token (ES256, verified once) on 10 routes, against bare ones`,
    reference: BARE,
    figures,
    load: { exchange: 'small', fields: [`Authorization: Bearer ${token()}`] },
    contenders: [
      { name: BARE, peer: own, routes: 10 },
      { name: 'with tokens', peer: headgateWith(tokens), routes: 10 },
    ],
  }),
  ownAgainstOwn({
    name: 'consumers-10k',
    title: `${own.name} with ${MANY}, against ${FEW}`,
    reference: FEW,
    figures,
    load: { exchange: 'small', fields: [keyField('c7')] },
    contenders: [
      { name: FEW, peer: headgateWith(() => consumers(10, 10)), routes: 10 },
      { name: MANY, peer: headgateWith(() => consumers(10_000, 1_000)), routes: 10 },
    ],
  }),
]
