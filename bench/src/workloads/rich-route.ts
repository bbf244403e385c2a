import { own } from '../peers/all.ts'
import { richHeadgate } from '../peers/headgate.ts'
import { requestsPerCpuSecond } from './figures.ts'
import type { Workload } from './workload.ts'

const bare = 'bare route'
const connections = 64

/** What everything that a careful operator turns on costs each request. */
export const richRoute: Workload = {
  name: 'rich-route',
  title: `${own.name} with a header match, 2 rate limits, breaker, retry and EWMA balancing on 10 routes, against bare ones`,
  tls: false,
  fresh: false,
  connections,
  extraSeconds: 0.2,
  reference: bare,
  figures: [requestsPerCpuSecond],
  contenders: (peers) =>
    peers
      .filter((peer) => peer === own)
      .flatMap((peer) => [
        { name: bare, peer, routes: 10 },
        { name: 'rich route', peer: richHeadgate, routes: 10 },
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
