import { own } from '../peers/all.ts'
import { cpuPerRequest } from './figures.ts'
import { ownAgainstOwn } from './own-against-own.ts'
import type { Workload } from './workload.ts'

const few = '10 routes'

/** What many routes cost each request. */
export const manyRoutes: Workload = ownAgainstOwn({
  name: 'routes-10k',
  title: `${own.name} with 10,000 routes against ${own.name} with 10, small JSON, all routes in turn`,
  reference: few,
  figures: [cpuPerRequest],
  contenders: [
    { name: few, peer: own, routes: 10 },
    { name: '10,000 routes', peer: own, routes: 10_000 },
  ],
})
