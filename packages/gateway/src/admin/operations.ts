import type { Reloader } from '../versions/reloader.ts'
import type { Supervisor } from '../workers/supervisor.ts'
import { configuration, reload, replaceConfiguration } from './config.ts'
import type { AdminOperation } from './endpoint.ts'
import { rateLimitOperations } from './rate-limits.ts'
import { routes } from './routes.ts'
import { status } from './status.ts'
import { upstreamOperations } from './upstreams.ts'
import { versionOperations } from './versions.ts'

/** All that the admin listener can tell and change, apart from health and metrics. */
export function adminOperations(supervisor: Supervisor, reloader: Reloader): AdminOperation[] {
  const config = () => supervisor.config
  return [
    status(supervisor, reloader),
    configuration(config, reloader),
    replaceConfiguration(reloader),
    reload(reloader),
    ...versionOperations(reloader),
    routes(config),
    ...upstreamOperations(supervisor),
    ...rateLimitOperations(supervisor),
  ]
}
