import { isIP } from 'node:net'
import { isHostName, NAME_OF_HOST } from '../settings/values/host.ts'
import { type Kind, textKind } from '../settings/values/kinds.ts'
import { didYouMean, parsed, refused } from '../settings/values/parsed.ts'
import { list } from '../settings/schema/list.ts'
import { type JsonSchema, never, oneOfKeys } from '../settings/schema/schema-tree.ts'
import { nothing, type Read, section } from '../settings/schema/section.ts'
import { oneOf, time, value } from '../settings/schema/setting.ts'
import { growingTimes, isFields } from '../settings/problems/fields.ts'
import { type Finding, type Path, valueAt } from '../settings/problems/problem.ts'

/** RFC 1035 2.3.4. */
const LONGEST_NAME = 253

/** A name and the port that its addresses serve. */
export const dnsName: Kind<string> = textKind(
  'a name',
  'a name in lower case, with its port, such as orders.internal:9001',
  (written) => {
    if (/^[a-z+]+:\/\//i.test(written)) {
      const meant = written.replace(/^[a-z+]+:\/\//i, '')
      return refused('is a URL', `${didYouMean(meant)} The setting "scheme" says how it is spoken to`)
    }
    const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/s.exec(written) ?? []
    if (isIP(host.replaceAll(/[[\]]/g, '')) !== 0) {
      return refused('is an address, and no name to look up', `write url: "http://${written}"`)
    }
    if (host.length > LONGEST_NAME || !isHostName(host)) return refused('is not a name')
    if (port !== undefined && (Number(port) < 1 || Number(port) > 65535))
      return refused('has no port from 1 to 65535')
    return parsed(written)
  },
  { pattern: `^${NAME_OF_HOST}(?::[0-9]{1,5})?$` },
)

const SERVICE = /^_[a-z0-9-]{1,62}\._[a-z0-9-]{1,62}\.(.+)$/

/** RFC 2782. */
export const serviceName: Kind<string> = textKind(
  'the name of a service',
  'a service, its protocol and its domain in lower case, such as _http._tcp.orders.internal',
  (written) => {
    const [, domain = ''] = SERVICE.exec(written) ?? []
    return written.length <= LONGEST_NAME && isHostName(domain)
      ? parsed(written)
      : refused('is not the name of a service')
  },
  { pattern: `^_[a-z0-9-]{1,62}\\._[a-z0-9-]{1,62}\\.${NAME_OF_HOST}$` },
)

export const nameServer: Kind<string> = textKind(
  'a name server',
  'an IP address, with a port where that is not 53: 10.0.0.2, 127.0.0.1:5353 or [::1]:5353',
  (written) => {
    if (isIP(written) !== 0) return parsed(written)
    const [, six, four = '', port = '53'] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(written) ?? []
    const isAddress = six === undefined ? isIP(four) === 4 : isIP(six) === 6
    const isPort = Number(port) >= 1 && Number(port) <= 65535
    return isAddress && isPort ? parsed(written) : refused('is not the address of a name server')
  },
  { pattern: '^(?:[0-9a-fA-F:.]+(?:%.+)?|\\[[0-9a-fA-F:.]+(?:%[^\\]]+)?\\](?::[0-9]{1,5})?)$' },
)

/** The settings by which endpoints are found while the gateway runs. */

const dns = section('DnsDiscoveryInput', () => ({
  resolvers: list(value(nameServer))
    .min(1)
    .optional()
    .describe('Name servers to ask, as 10.0.0.2 or [::1]:5353. Left out: those of the system.'),
  minInterval: time(
    'Shortest wait before a name is asked for again, however short its time to live is.',
  ).prefault('1s'),
  maxInterval: time('Longest wait, however long its time to live is.').prefault('5m'),
  timeout: time('Longest wait for the answer of one name server.').prefault('2s'),
}))

export const discoverySetting = section('DiscoveryInput', () => ({
  dns: dns().prefault(nothing).describe('DNS, for endpoints with dns or srv.'),
}))

export type DiscoveryConfig = Read<typeof discoverySetting>

/** What an endpoint may say in place of its URL. Which of them is missing or too much, its checks tell. */
export const discovered = () => ({
  dns: value(
    dnsName,
    'A name, with its port, whose addresses (A and AAAA) are endpoints, in place of url: they are looked up while the gateway runs, again and again.',
  ).optional(),
  srv: value(
    serviceName,
    'A service, such as _http._tcp.orders.internal, whose SRV records tell the endpoints with their ports, weights and priorities, in place of url.',
  ).optional(),
  scheme: oneOf(
    ['http', 'https', 'h2c'],
    'How endpoints that DNS tells are spoken to; h2c is HTTP/2 without TLS. Left out: http.',
  ).optional(),
})

const PLACES = ['url', 'dns', 'srv']

/** The same as its checks, for editors. */
export const endpointRules: readonly JsonSchema[] = [
  oneOfKeys(PLACES),
  never({ required: ['url', 'scheme'] }), // the URL has one
  never({ required: ['srv', 'weight'] }), // the records have their own
]

/** Names are looked up at most so often, and at least so often. */
export function discoveryChecks(input: unknown): Finding[] {
  const path: Path = ['discovery', 'dns']
  return growingTimes(
    valueAt(input, path),
    path,
    { key: 'minInterval', default: '1s' },
    { key: 'maxInterval', default: '5m' },
  )
}

/** What is wrong about where an endpoint is. */
export function endpointChecks(endpoint: unknown, path: Path): Finding[] {
  if (!isFields(endpoint)) return []
  const written = Object.keys(endpoint).filter((key) => valueAt(endpoint, [key]) !== undefined)
  const [first, ...others] = PLACES.filter((key) => written.includes(key))
  if (first === undefined) {
    const allowed = 'url: "http://host:port", dns: "name:port" or srv: "_http._tcp.name"'
    return [{ path, whole: true, problem: 'does not say where the endpoint is', allowed }]
  }
  const beside = (key: string, problem: string): Finding => ({
    path: [...path, key],
    part: 'key',
    whole: true,
    problem,
  })
  return [
    ...others.map((key) => beside(key, `stands beside "${first}": an endpoint has one of them`)),
    ...(first === 'url' && written.includes('scheme')
      ? [beside('scheme', 'is without effect: the URL has one')]
      : []),
    ...(first === 'srv' && written.includes('weight')
      ? [beside('weight', 'is without effect: the records of the service have their own')]
      : []),
  ]
}
