import { own } from '../peers/all.ts'
import { cpuPerRequest } from './figures.ts'
import type { Workload } from './workload.ts'

const few = '10 routes'
const connections = 64

/** What many routes cost each request. */
export const manyRoutes: Workload = {
  name: 'routes-10k',
  title: `${own.name} with 10,000 routes against ${own.name} with 10, small JSON, all routes in turn`,
  tls: false,
  fresh: false,
  connections,
  extraSeconds: 0.2,
  reference: few,
  figures: [cpuPerRequest],
  contenders: (peers) =>
    peers
      .filter((peer) => peer === own)
      .flatMap((peer) => [
        { name: few, peer, routes: 10 },
        { name: '10,000 routes', peer, routes: 10_000 },
      ]),
  job: ({ target, window }, routes) => ({
    kind: 'saturation',
    target,
    window,
    exchange: 'small',
    connections,
    routes,
  }),
}
