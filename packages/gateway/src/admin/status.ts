import { type AdminOperation, json, operation } from '../admin-api/operation.ts'
import { type Described, FLAG, list, members, oneOf, TEXT, textOr, TIME, WHOLE } from '../admin-api/schema.ts'
import { packageVersion } from '../package-version.ts'
import { redactUrls } from '../settings/redact-text.ts'
import type { Reloader } from '../versions/reloader.ts'
import type { Supervisor } from '../workers/supervisor.ts'
import { listenerUrl } from '../listen/listener-url.ts'
import { factsOf, VERSION } from './config.ts'

const STATUS = members({
  release: TEXT,
  phase: oneOf('starting', 'running', 'draining', 'stopped'),
  /** Seconds. */
  uptime: WHOLE,
  workers: list(TEXT),
  listeners: list(TEXT),
  routes: WHOLE,
  /** The upstreams whose health checks are paused. */
  checksPaused: textOr('all', list(TEXT)),
  /** Breakers that are open, and in how many workers. */
  openBreakers: list(members({ upstream: TEXT, 'endpoint?': TEXT, workers: WHOLE })),
  configuration: VERSION,
  /** What the last reading of the configuration file came to. */
  lastReload: members({
    successful: FLAG,
    time: TIME,
    origin: oneOf('start', 'file', 'signal', 'admin'),
    'author?': TEXT,
    'reason?': TEXT,
  }),
})

export type StatusAnswer = Described<typeof STATUS>

/** `GET /status`: the gateway at a glance. */
export function status(
  supervisor: Pick<Supervisor, 'status' | 'config' | 'listeners' | 'upstreams' | 'checks' | 'openCircuits'>,
  reloader: Pick<Reloader, 'version' | 'lastReload'>,
): AdminOperation {
  return operation({
    method: 'GET',
    path: '/status',
    about: 'release, workers, listeners and the version of the configuration in force',
    id: 'getStatus',
    result: STATUS,
    answers: { 200: 'the status' },
    handle() {
      const { phase, workers } = supervisor.status()
      const { config, listeners, upstreams, checks } = supervisor
      const paused = Array.from(upstreams.values(), ({ upstream }) => upstream).filter(
        ({ name, isChecked }) => isChecked && checks.isPausedFor(name),
      )
      return json<StatusAnswer>({
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
  })
}
