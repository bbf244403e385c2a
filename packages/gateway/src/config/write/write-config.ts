import type { GatewayConfigInput } from '../input/input.ts'
import type { GatewayConfig } from '../schema/schema.ts'
import type { TimeoutsConfig } from '../schema/limits-schema.ts'
import { formatAddress } from '../../settings/values/address.ts'
import { ifThere, writtenByteRate, writtenSize, writtenTime } from './quantities.ts'
import { writtenRateLimit, writtenRoute } from './write-route.ts'
import { withoutInherited } from './write-shared.ts'
import { writtenUpstream } from './write-upstream.ts'
import type { Written } from './written.ts'

/**
 * A configuration as somebody would write it who leaves nothing to defaults: durations, sizes and rates with their units. What
 * is read from it is the same configuration. What routes share stands where it was written, and as it was.
 */
export function writtenConfig({
  variables: _,
  shared,
  ...config
}: GatewayConfig): Written<GatewayConfigInput> {
  const { listeners, admin, limits, minimumByteRate, drain, upstreams, discovery, rateLimits } = config
  const { dns } = discovery
  return {
    ...config,
    listeners: listeners.map((each) => ({ ...each, address: formatAddress(each.address) })),
    admin: admin === false ? false : { ...admin, address: formatAddress(admin.address) },
    limits: {
      ...limits,
      head: writtenSize(limits.head),
      target: writtenSize(limits.target),
      body: ifThere(limits.body, writtenSize),
    },
    timeouts: writtenTimeouts(config.timeouts),
    minimumByteRate: writtenByteRate(minimumByteRate),
    drain: { timeout: writtenTime(drain.timeout) },
    upstreams: mapped(upstreams, writtenUpstream),
    discovery: {
      dns: {
        ...dns,
        minInterval: writtenTime(dns.minInterval),
        maxInterval: writtenTime(dns.maxInterval),
        timeout: writtenTime(dns.timeout),
      },
    },
    loadShedding: ifThere(config.loadShedding, ({ eventLoopDelay, memory }) => ({
      eventLoopDelay: ifThere(eventLoopDelay, writtenTime),
      memory: ifThere(memory, writtenSize),
    })),
    rateLimits: mapped(rateLimits, writtenRateLimit),
    ...(shared && { defaults: shared.defaults, groups: shared.groups }),
    routes: config.routes.map((route, index) => withoutInherited(writtenRoute(route), shared?.routes[index])),
  }
}

function writtenTimeouts(timeouts: TimeoutsConfig): Written<GatewayConfigInput['timeouts']> {
  const { connect, requestHead, responseHead, bodyIdle, streamIdle } = timeouts
  const { keepAlive, halfClosed, exchange, workerStall } = timeouts
  return {
    connect: writtenTime(connect),
    requestHead: writtenTime(requestHead),
    responseHead: writtenTime(responseHead),
    bodyIdle: writtenTime(bodyIdle),
    streamIdle: writtenTime(streamIdle),
    keepAlive: writtenTime(keepAlive),
    halfClosed: writtenTime(halfClosed),
    exchange: ifThere(exchange, writtenTime),
    workerStall: writtenTime(workerStall),
  }
}

function mapped<Value, Result>(
  values: Readonly<Record<string, Value>>,
  write: (value: Value) => Result,
): Readonly<Record<string, Result>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, write(value)]))
}
