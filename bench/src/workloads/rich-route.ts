import { own } from '../peers/all.ts'
import { richHeadgate } from '../peers/headgate.ts'
import { requestsPerCpuSecond } from './figures.ts'
import { ownAgainstOwn } from './own-against-own.ts'
import type { Workload } from './workload.ts'

const bare = 'bare route'

/** What everything that a careful operator turns on costs each request. */
export const richRoute: Workload = ownAgainstOwn({
  name: 'rich-route',
  title: `${own.name} with a header match, 2 rate limits, breaker, retry and EWMA balancing on 10 routes, against bare ones`,
  reference: bare,
  figures: [requestsPerCpuSecond],
  contenders: [
    { name: bare, peer: own, routes: 10 },
    { name: 'rich route', peer: richHeadgate, routes: 10 },
  ],
})
