import { type Circuits, Limiter } from '@headgate/core'
import type { Snapshot } from './snapshot.ts'
import { type GuardsInForce, routeLimiter, upstreamLimiter } from './resilience/metrics.ts'

/** What there is to show of a snapshot. */
export function guardsOf({ upstreams, routes }: Snapshot): GuardsInForce {
  const circuits = new Map<string, Circuits>()
  const endpointCircuits = new Map<string, Circuits>()
  const limiters = new Map<string, Limiter>()
  for (const [name, { guard }] of upstreams) {
    if (guard.circuits !== undefined) circuits.set(name, guard.circuits)
    if (guard.endpointCircuits !== undefined) endpointCircuits.set(name, guard.endpointCircuits)
    if (guard.limiter !== undefined) limiters.set(upstreamLimiter(name), guard.limiter)
  }
  for (const { config, parts } of routes.values()) {
    if (config.concurrency === undefined) continue
    const limiter = parts.find(['concurrency', config.concurrency])
    if (limiter instanceof Limiter) limiters.set(routeLimiter(config.name), limiter)
  }
  return { circuits, endpointCircuits, limiters }
}
