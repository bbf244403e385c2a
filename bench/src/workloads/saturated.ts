import type { Exchange } from '../load/job.ts'
import { reference } from '../peers/all.ts'
import { mebibytesPerCpuSecond, requestsPerCpuSecond } from './figures.ts'
import { eachPeer, type Workload } from './workload.ts'

/** What differs between the workloads that keep every connection busy. */
export interface Saturated {
  name: string
  title: string
  exchange: Exchange
  connections: number
  tls: boolean
  /** Default: each peer. */
  contenders?: Workload['contenders']
}

/** What is told in bytes. */
const large: ReadonlySet<Exchange> = new Set<Exchange>(['large', 'upload', 'mib', 'large-file'])

/** A workload in which every connection has a request in flight at all times, through 50 routes. */
export function saturated(parts: Saturated): Workload {
  const { name, title, exchange, connections, tls, contenders = eachPeer(50) } = parts
  return {
    name,
    title,
    tls,
    fresh: false,
    connections,
    extraSeconds: 0.2,
    reference: reference.name,
    figures: [large.has(exchange) ? mebibytesPerCpuSecond : requestsPerCpuSecond],
    contenders,
    job: ({ target, window }, routes) => ({
      kind: 'saturation',
      target,
      window,
      exchange,
      connections,
      routes,
    }),
  }
}
