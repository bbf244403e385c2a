import { saturated } from './saturated.ts'
import type { Workload } from './workload.ts'

/** The same, encrypted on the downstream side. */
export const smallJsonTls: Workload = saturated({
  name: 'small-json-tls',
  title: '89 bytes of JSON over TLS 1.3 (ECDSA P-256, AES-128-GCM), 64 keep-alive connections, 50 routes',
  exchange: 'small',
  connections: 64,
  tls: true,
})
