import { saturated } from './saturated.ts'
import type { Workload } from './workload.ts'

/** Large responses. */
export const download: Workload = saturated({
  name: 'download-1m',
  title: 'responses of 1 MiB, 16 keep-alive connections, 50 routes',
  exchange: 'large',
  connections: 16,
  tls: false,
})
