import { list } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { oneOf, time, value } from '../../settings/schema/setting.ts'
import { dnsName, nameServer, serviceName } from '../values/discovery-kinds.ts'

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

export const discovery = section('DiscoveryInput', () => ({
  dns: dns().prefault(nothing).describe('DNS, for endpoints with dns or srv.'),
}))

export type DiscoveryConfig = Read<typeof discovery>

/** What an endpoint may say in place of its URL. Which of them is missing or too much, cross-checks tell. */
export const discovered = () => ({
  dns: value(
    dnsName,
    'A name, with its port, whose addresses (A and AAAA) are endpoints, in place of url: they are looked up while the gateway runs, again and again.',
  ).optional(),
  srv: value(
    serviceName,
    'A service, such as _http._tcp.orders.internal, whose SRV records tell the endpoints with their ports, weights and priorities, in place of url.',
  ).optional(),
  scheme: oneOf(['http', 'https'], 'How endpoints that DNS tells are spoken to. Left out: http.').optional(),
})
