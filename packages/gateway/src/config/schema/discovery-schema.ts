import type { DiscoveryConfig } from '../types/discovery-config.ts'
import type { DiscoveryInput } from '../input/discovery-input.ts'
import { list } from './list.ts'
import { oneOf, text, time } from './setting.ts'
import * as z from './zod.ts'
import { dnsName, nameServer, serviceName } from '../values/discovery-kinds.ts'
import { nothing } from './nothing.ts'

/** The settings by which endpoints are found while the gateway runs. */

const dns = z.strictObject({
  resolvers: list(text(nameServer, ''))
    .min(1)
    .optional()
    .describe('Name servers to ask, as 10.0.0.2 or [::1]:5353. Left out: those of the system.'),
  minInterval: time(
    'Shortest wait before a name is asked for again, however short its time to live is.',
  ).prefault('1s'),
  maxInterval: time('Longest wait, however long its time to live is.').prefault('5m'),
  timeout: time('Longest wait for the answer of one name server.').prefault('2s'),
})

export const discovery: z.ZodPrefault<z.ZodType<DiscoveryConfig, DiscoveryInput>> = (
  z.strictObject({ dns: dns.prefault(nothing).describe('DNS, for endpoints with dns or srv.') }) as z.ZodType<
    DiscoveryConfig,
    DiscoveryInput
  >
)
  .prefault(nothing)
  .describe('How endpoints are found while the gateway runs.')

/** What an endpoint may say in place of its URL. Which of them is missing or too much, cross-checks tell. */
export const discovered: {
  readonly dns: z.ZodOptional<z.ZodType<string, string>>
  readonly srv: z.ZodOptional<z.ZodType<string, string>>
  readonly scheme: z.ZodOptional<z.ZodType<'http' | 'https', 'http' | 'https'>>
} = {
  dns: text(
    dnsName,
    'A name, with its port, whose addresses (A and AAAA) are endpoints, in place of url: they are looked up while the gateway runs, again and again.',
  ).optional(),
  srv: text(
    serviceName,
    'A service, such as _http._tcp.orders.internal, whose SRV records tell the endpoints with their ports, weights and priorities, in place of url.',
  ).optional(),
  scheme: oneOf(['http', 'https'], 'How endpoints that DNS tells are spoken to. Left out: http.').optional(),
}
