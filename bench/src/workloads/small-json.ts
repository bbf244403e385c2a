import { saturated } from './saturated.ts'
import type { Workload } from './workload.ts'

/** The workload that most proxies are compared by. */
export const smallJson: Workload = saturated({
  name: 'small-json',
  title: '89 bytes of JSON, 64 keep-alive connections, 50 routes',
  exchange: 'small',
  connections: 64,
  tls: false,
})
