import type { Circuits, CircuitState } from '@headgate/core'
import type { CompiledUpstreams } from './upstreams.ts'
import type { UpstreamGuard } from '../resilience/upstream-guard.ts'

/** How a circuit of this thread is. */
export interface CircuitReport {
  readonly upstream: string
  /** Absent for the circuit of the whole upstream. */
  readonly endpoint?: string
  readonly state: CircuitState
  /** Milliseconds until it is tried again; absent unless it is open for a time. */
  readonly retryAfter?: number
}

/** What somebody does to circuits by hand. */
export interface CircuitChange {
  readonly upstream: string
  /** That of one endpoint. Left out, `reset` is for all of the upstream, `open` for as few as keep all requests out. */
  readonly endpoint?: string | undefined
  readonly to: 'reset' | 'open'
}

/** All circuits of these upstreams. */
export function circuitReports(upstreams: CompiledUpstreams, now: number): CircuitReport[] {
  return Array.from(upstreams, ([upstream, { guard }]) => [
    ...reportsOf(guard.circuits, now).map(([, report]) => ({ upstream, ...report })),
    ...reportsOf(guard.endpointCircuits, now).map(([endpoint, report]) => ({
      upstream,
      endpoint,
      ...report,
    })),
  ]).flat()
}

type Report = Pick<CircuitReport, 'state' | 'retryAfter'>

function reportsOf(circuits: Circuits | undefined, now: number): [key: string, report: Report][] {
  return Array.from(circuits?.known() ?? [], ([key, circuit]) => {
    const { state } = circuit
    const wait = state === 'open' ? circuit.retryAfter(now) : undefined
    return [key, { state, ...(wait !== undefined && { retryAfter: Math.ceil(wait) }) }]
  })
}

/** Whether there are such circuits. */
export function hasCircuit(guard: UpstreamGuard, endpoint: string | undefined): boolean {
  return (
    keysOf(guard.endpointCircuits, endpoint).length > 0 ||
    (endpoint === undefined && guard.circuits !== undefined)
  )
}

/** Changes them, as far as there are such. */
export function changeCircuits(
  upstreams: CompiledUpstreams,
  { upstream, endpoint, to }: CircuitChange,
): void {
  const guard = upstreams.get(upstream)?.guard
  if (guard === undefined) return
  const { circuits, endpointCircuits } = guard
  const whole = endpoint === undefined ? circuits : undefined
  whole?.for(upstream)[METHODS[to]]()
  if (whole !== undefined && to === 'open') return
  for (const key of keysOf(endpointCircuits, endpoint)) endpointCircuits?.for(key)[METHODS[to]]()
}

const METHODS = { reset: 'reset', open: 'forceOpen' } as const

function keysOf(circuits: Circuits | undefined, endpoint: string | undefined): string[] {
  const keys = Array.from(circuits?.known() ?? [], ([key]) => key)
  return endpoint === undefined ? keys : keys.filter((key) => key === endpoint)
}
