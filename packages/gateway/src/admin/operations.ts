import type { AdminOperation } from '../admin-api/operation.ts'
import { SURVEYS } from '../surveys/surveys.ts'
import type { Reloader } from '../versions/reloader.ts'
import type { Supervisor } from '../workers/supervisor.ts'
import { systemClock } from '@headgate/core'
import { cacheOperations } from './cache.ts'
import { certificateOperations } from './certificates.ts'
import { configOperations } from './config.ts'
import { endpointOperations } from './endpoints.ts'
import { healthCheckOperations } from './health-checks.ts'
import { keyOperations } from './keys.ts'
import { routeOperations } from './routes.ts'
import { probes, status } from './status.ts'
import { versionOperations } from './versions.ts'

/** All that the admin listener can tell and change, in the order of its description. */
export function adminOperations(supervisor: Supervisor, reloader: Reloader): AdminOperation[] {
  const [upstreams = [], ...others] = SURVEYS.map((survey) => survey.operations(supervisor))
  return [
    ...probes(supervisor),
    status(supervisor, reloader),
    ...configOperations(reloader),
    ...versionOperations(reloader),
    ...routeOperations(supervisor),
    ...upstreams,
    ...endpointOperations(supervisor),
    ...healthCheckOperations(supervisor),
    ...others.flat(),
    ...cacheOperations(supervisor),
    ...certificateOperations(supervisor, () => systemClock.wallTime()),
    ...keyOperations(supervisor, reloader),
  ]
}
