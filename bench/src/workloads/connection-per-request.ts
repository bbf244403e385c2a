import { reference } from '../peers/all.ts'
import { requestsPerCpuSecond } from './figures.ts'
import { eachPeer, type Workload } from './workload.ts'

const connections = 32

/** Downstreams that do not keep connections; the proxy keeps its own to the origin. */
export const connectionPerRequest: Workload = {
  name: 'connection-per-request',
  title: `89 bytes of JSON, a new connection for each request, ${connections} at a time, 50 routes`,
  tls: false,
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
  }),
}
