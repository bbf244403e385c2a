import { reference } from '../peers/all.ts'
import { medianLatency, tailLatency } from './figures.ts'
import { eachPeer, type Workload } from './workload.ts'

const connections = 64

/** Waiting time at a rate that all can hold. */
export const latency: Workload = {
  name: 'latency',
  title: '89 bytes of JSON at a fixed rate, measured from when each request was due, 50 routes',
  tls: false,
  fresh: false,
  connections,
  extraSeconds: 0.2,
  reference: reference.name,
  figures: [medianLatency, tailLatency],
  contenders: eachPeer(50),
  job: ({ target, window, rate, ownCore }, routes) => ({
    kind: 'fixed-rate',
    target,
    window,
    connections,
    routes,
    rate,
    ownCore,
  }),
}
