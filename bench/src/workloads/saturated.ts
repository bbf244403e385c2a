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
}

/** A workload in which every connection has a request in flight at all times, through 50 routes. */
export function saturated({ name, title, exchange, connections, tls }: Saturated): Workload {
  return {
    name,
    title,
    tls,
    fresh: false,
    connections,
    extraSeconds: 0.2,
    reference: reference.name,
    figures: [exchange === 'small' ? requestsPerCpuSecond : mebibytesPerCpuSecond],
    contenders: eachPeer(50),
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
