import { packageVersion } from '../package-version.ts'
import { redactUrls } from '../settings/redact-text.ts'
import type { Reloader } from '../versions/reloader.ts'
import type { Supervisor } from '../workers/supervisor.ts'
import { type AdminOperation, json } from './endpoint.ts'
import { factsOf, VERSION } from './outcome.ts'
import { listenerUrl } from '../listen/listener-url.ts'
import { FLAG, list, members, oneOf, TEXT, TIME, WHOLE } from './schemas.ts'

const STATUS = members({
  release: TEXT,
  phase: oneOf('starting', 'running', 'draining', 'stopped'),
  uptime: WHOLE,
  workers: list(TEXT),
  listeners: list(TEXT),
  routes: WHOLE,
  checksPaused: { oneOf: [{ const: 'all' }, list(TEXT)] },
  openBreakers: list(members({ upstream: TEXT, 'endpoint?': TEXT, workers: WHOLE })),
  configuration: VERSION,
  lastReload: members({
    successful: FLAG,
    time: TIME,
    origin: oneOf('start', 'file', 'signal', 'admin'),
    'author?': TEXT,
    'reason?': TEXT,
  }),
})

/** `GET /status`: the gateway at a glance. */
export function status(
  supervisor: Pick<Supervisor, 'status' | 'config' | 'listeners' | 'upstreams' | 'checks' | 'openCircuits'>,
  reloader: Pick<Reloader, 'version' | 'lastReload'>,
): AdminOperation {
  return {
    method: 'GET',
    path: '/status',
    about: 'release, workers, listeners and the version of the configuration in force',
    description: { id: 'getStatus', result: STATUS, answers: { 200: 'the status' } },
    handle() {
      const { phase, workers } = supervisor.status()
      const { config, listeners, upstreams, checks } = supervisor
      const paused = Array.from(upstreams.values(), ({ upstream }) => upstream).filter(
        ({ name, isChecked }) => isChecked && checks.isPausedFor(name),
      )
      return json({
        release: packageVersion(),
        phase,
        uptime: Math.floor(process.uptime()),
        workers,
        listeners: listeners.map((each) => listenerUrl(each.config, each.port)),
        routes: config.routes.length,
        checksPaused: checks.isPaused ? 'all' : paused.map(({ name }) => redactUrls(name)),
        openBreakers: supervisor
          .openCircuits()
          .map((each) => ({ ...each, upstream: redactUrls(each.upstream) })),
        configuration: factsOf(reloader.version),
        lastReload: reloader.lastReload,
      })
    },
  }
}
