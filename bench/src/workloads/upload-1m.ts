import { saturated } from './saturated.ts'
import type { Workload } from './workload.ts'

/** Large requests. */
export const upload: Workload = saturated({
  name: 'upload-1m',
  title: 'requests of 1 MiB, 16 keep-alive connections, 50 routes',
  exchange: 'upload',
  connections: 16,
  tls: false,
})
