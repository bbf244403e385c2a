import { type Fields, fieldOf, listOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, unused } from '../../settings/problems/problem.ts'
import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { time, value } from '../../settings/schema/setting.ts'
import { ipRange } from '../../settings/values/kinds.ts'

/** From whom a listener takes the PROXY protocol. */
export const listenerProxyProtocol = section('ListenerProxyProtocolInput', () => ({
  from: list(value(ipRange))
    .min(1)
    .describe(
      'Networks of the proxies that begin each connection with it, in version 1 or 2: what comes from there without it is refused. From elsewhere none is taken.',
    ),
  timeout: time('Longest wait for all of it, from the connection on.').prefault('5s'),
}))

export type ListenerProxyProtocolConfig = Read<typeof listenerProxyProtocol>

/** What it cannot be meant with. Looks at the configuration as it was written, as cross-checks.ts does. */
export function proxyProtocolChecks(input: Fields): Finding[] {
  return findEach(listOf(fieldOf(input, 'listeners')), (listener, index) => {
    const address = fieldOf(listener, 'address')
    const isUnix = typeof address === 'string' && address.startsWith('unix:')
    if (fieldOf(listener, 'proxyProtocol') === undefined || !isUnix) return []
    const path = ['listeners', index, 'proxyProtocol']
    return [unused(path, 'is without effect on a unix socket, to which nobody comes from a network')]
  })
}
