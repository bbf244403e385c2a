import { cacheWorkloads } from './cache.ts'
import { connectionPerRequest } from './connection-per-request.ts'
import { download } from './download-1m.ts'
import { fileWorkloads } from './files.ts'
import { handshakeWorkloads } from './handshakes.ts'
import { http2Workloads } from './http2.ts'
import { grpcWorkloads } from './grpc.ts'
import { idle, idleHttp2 } from './idle.ts'
import { handlers } from './handlers.ts'
import { latency } from './latency.ts'
import { manyRoutes } from './routes-10k.ts'
import { richRoute } from './rich-route.ts'
import { smallJson } from './small-json.ts'
import { smallJsonTls } from './small-json-tls.ts'
import { upload } from './upload-1m.ts'
import { identityWorkloads } from './identity.ts'
import { validation } from './validation.ts'
import type { Workload } from './workload.ts'

/** All workloads, in the order in which they run. */
export const allWorkloads: readonly Workload[] = [
  smallJson,
  smallJsonTls,
  download,
  upload,
  connectionPerRequest,
  ...handshakeWorkloads,
  latency,
  idle,
  manyRoutes,
  richRoute,
  ...identityWorkloads,
  validation,
  ...http2Workloads,
  idleHttp2,
  ...grpcWorkloads,
  ...cacheWorkloads,
  ...fileWorkloads,
  handlers,
]
