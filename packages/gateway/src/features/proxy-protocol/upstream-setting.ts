import { type Fields, fieldOf, fieldsOf, listOf } from '../../settings/problems/fields.ts'
import type { Finding, Path } from '../../settings/problems/problem.ts'
import { type JsonSchema, never } from '../../settings/schema/schema-tree.ts'
import { value } from '../../settings/schema/setting.ts'
import { choice } from '../../settings/values/choice.ts'
import type { Kind } from '../../settings/values/kinds.ts'

const version: Kind<'v1' | 'v2'> = choice(['v1', 'v2'], { 1: 'v1', 2: 'v2', true: 'v2' })

/** What the connections to the endpoints of an upstream begin with. */
export function upstreamProxyProtocol() {
  return value(
    version,
    'Begin each connection with a header of the PROXY protocol that tells who the client is: v1 in text, v2 in binary, with the TLS of the client. A connection then serves one client alone.',
  )
}

const ALLOWED =
  'HTTP/1.1: protocols without h2, and URLs of http, https or unix: a connection of HTTP/2 serves many clients, and begins with one header'

/** What it cannot be meant with. Looks at the configuration as it was written, as cross-checks.ts does. */
export function upstreamProxyProtocolChecks(_written: unknown, path: Path, upstream: Fields): Finding[] {
  const endpoints = listOf(upstream['endpoints']).map((each) =>
    typeof each === 'string' ? { url: each } : fieldsOf(each),
  )
  const isH2c = endpoints.some((each) => {
    const url = fieldOf(each, 'url')
    return (typeof url === 'string' && /^h2c/i.test(url)) || fieldOf(each, 'scheme') === 'h2c'
  })
  if (!isH2c && !listOf(upstream['protocols']).includes('h2')) return []
  const problem = 'does not go with HTTP/2, which this upstream may speak'
  return [{ path, part: 'key', whole: true, problem, allowed: ALLOWED }]
}

/** The same, as far as JSON Schema can say it. */
export const upstreamProxyProtocolRules: readonly JsonSchema[] = [
  never({
    required: ['proxyProtocol', 'protocols'],
    properties: { protocols: { contains: { const: 'h2' } } },
  }),
  never({
    required: ['proxyProtocol', 'endpoints'],
    properties: {
      endpoints: {
        contains: {
          anyOf: [
            { required: ['url'], properties: { url: { pattern: '^[Hh]2[Cc]' } } },
            { required: ['scheme'], properties: { scheme: { const: 'h2c' } } },
          ],
        },
      },
    },
  }),
]
