import {
  Circuits,
  type CircuitsOptions,
  type Clock,
  type Limiter,
  type MetricRegistry,
  type UpstreamOptions,
} from '@headgate/core'
import type { UpstreamConfig } from '../config/schema/upstream-schema.ts'
import { type BreakerConfig, circuitMetrics, endpointTransitions } from '../features/breaker.ts'
import { makeLimiter, upstreamLimiter } from '../features/concurrency.ts'

/** What keeps an upstream from being asked too much, for all routes to it. */
export interface UpstreamGuard {
  /** The circuit of the upstream as a whole, under its name; undefined where it has none. */
  readonly circuits: Circuits | undefined
  /** Those of its endpoints, under their names (`host:port`); undefined where they have none. */
  readonly endpointCircuits: Circuits | undefined
  /** Puts the circuits of endpoints in front of them: for the upstream itself, which leaves out those that are open. */
  readonly gate: UpstreamOptions['gate']
  readonly limiter: Limiter | undefined
}

/** The state of what an upstream is guarded by: it lives as long as the upstream. */
export function makeUpstreamGuard(
  name: string,
  { breaker: circuit, concurrency: limit }: UpstreamConfig,
  clock: Clock,
  metrics: MetricRegistry,
): UpstreamGuard {
  const circuits = circuit && circuit.per !== 'endpoint' ? wholeCircuit(name, circuit, metrics) : undefined
  const endpointCircuits =
    circuit && circuit.per !== 'upstream'
      ? new Circuits({
          ...circuitOptions(circuit),
          onTransition: (endpoint, _, to) =>
            endpointTransitions(metrics, { upstream: name, endpoint }, to)?.add(1),
        })
      : undefined
  const limiter = limit && makeLimiter(upstreamLimiter(name), limit, clock, metrics)
  const gate = endpointCircuits && ((endpoint: string) => endpointCircuits.gate(endpoint, clock))
  return { circuits, endpointCircuits, gate, limiter }
}

function wholeCircuit(name: string, config: BreakerConfig, metrics: MetricRegistry): Circuits {
  const onCircuit = circuitMetrics(metrics, name)
  const circuits = new Circuits({
    ...circuitOptions(config),
    onTransition: (_, from, to) => onCircuit(from, to),
  })
  // The circuit is there from the start, so that its state can be shown.
  circuits.for(name)
  return circuits
}

function circuitOptions({ per: _per, ...options }: BreakerConfig): CircuitsOptions {
  return options
}
