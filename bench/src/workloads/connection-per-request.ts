import type { ConnectionPerRequestJob } from '../load/job.ts'
import { reference } from '../peers/all.ts'
import { requestsPerCpuSecond } from './figures.ts'
import { eachPeer, type Workload } from './workload.ts'

/** At any one time. */
export const connections = 32

/** All peers with 50 routes, and a new connection for each request. */
export function newConnections(
  parts: Pick<Workload, 'name' | 'title' | 'tls'>,
  handshakes?: ConnectionPerRequestJob['handshakes'],
): Workload {
  return {
    ...parts,
    fresh: false,
    connections,
    extraSeconds: 0.2,
    reference: reference.name,
    figures: [requestsPerCpuSecond],
    contenders: eachPeer(50),
    job: ({ target, window }, routes) => ({
      kind: 'connection-per-request',
      target,
      window,
      connections,
      routes,
      ...(handshakes && { handshakes }),
    }),
  }
}

/** Downstreams that do not keep connections; the proxy keeps its own to the origin. */
export const connectionPerRequest: Workload = newConnections({
  name: 'connection-per-request',
  title: `89 bytes of JSON, a new connection for each request, ${connections} at a time, 50 routes`,
  tls: false,
})
