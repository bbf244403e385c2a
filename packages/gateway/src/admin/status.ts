import { packageVersion } from '../cli/package-version.ts'
import type { Reloader } from '../versions/reloader.ts'
import type { Supervisor } from '../workers/supervisor.ts'
import { type AdminOperation, json } from './endpoint.ts'
import { factsOf } from './outcome.ts'
import { listenerUrl } from '../listener-url.ts'

/** `GET /status`: the gateway at a glance. */
export function status(
  supervisor: Pick<Supervisor, 'status' | 'config' | 'listeners'>,
  reloader: Pick<Reloader, 'version'>,
): AdminOperation {
  return {
    method: 'GET',
    path: '/status',
    about: 'release, workers, listeners and the version of the configuration in force',
    description: { id: 'getStatus', answers: { 200: 'the status' } },
    handle() {
      const { phase, workers } = supervisor.status()
      const { config, listeners } = supervisor
      return json({
        release: packageVersion(),
        phase,
        uptime: Math.floor(process.uptime()),
        workers,
        listeners: listeners.map((each) => listenerUrl(each.config, each.port)),
        routes: config.routes.length,
        configuration: factsOf(reloader.version),
      })
    },
  }
}
