import type { Reloader } from '../versions/reloader.ts'
import type { Supervisor } from '../workers/supervisor.ts'
import { breakerOperations } from './breakers.ts'
import { concurrencyLimits } from './concurrency.ts'
import { configuration, reload, replaceConfiguration } from './config.ts'
import type { AdminOperation } from './endpoint.ts'
import { endpointOperations } from './endpoints.ts'
import { healthCheckOperations } from './health-checks.ts'
import { rateLimitOperations } from './rate-limits.ts'
import { routes } from './routes.ts'
import { splitOperations } from './splits.ts'
import { status } from './status.ts'
import { upstreamOperations } from './upstreams.ts'
import { versionOperations } from './versions.ts'

/** All that the admin listener can tell and change, apart from health and metrics. */
export function adminOperations(supervisor: Supervisor, reloader: Reloader): AdminOperation[] {
  const config = () => supervisor.config
  return [
    status(supervisor, reloader),
    configuration(reloader),
    replaceConfiguration(reloader),
    reload(reloader),
    ...versionOperations(reloader),
    routes(config, supervisor),
    ...splitOperations(supervisor),
    ...upstreamOperations(supervisor),
    ...endpointOperations(supervisor),
    ...healthCheckOperations(supervisor),
    ...breakerOperations(supervisor),
    concurrencyLimits(supervisor),
    ...rateLimitOperations(supervisor),
  ]
}
