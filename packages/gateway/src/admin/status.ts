import { EXPOSITION_TYPE } from '@headgate/core'
import { type AdminOperation, json, operation, problem } from '../admin-api/operation.ts'
import { type Described, FLAG, list, members, oneOf, TEXT, textOr, TIME, WHOLE } from '../admin-api/schema.ts'
import { packageVersion } from '../package-version.ts'
import { redactUrls } from '../settings/redact-text.ts'
import type { Reloader } from '../versions/reloader.ts'
import type { Supervisor, SupervisorStatus } from '../workers/supervisor.ts'
import { openCircuits } from '../features/breaker.ts'
import { diskProblem } from '../features/cache/disk.ts'
import { factsOf, VERSION } from './config.ts'
import { listenerUrl } from '../listen/listener-set.ts'

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
  /** Certificates, and authorities of clients, whose files hold what cannot be used: the one before stays in force. */
  refusedCertificates: list(members({ place: TEXT, problem: TEXT, remedy: TEXT })),
  /** Why nothing of the cache is kept on disk, although the configuration wants it. */
  'cacheOnDisk?': TEXT,
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
  supervisor: Pick<
    Supervisor,
    'status' | 'config' | 'listeners' | 'upstreams' | 'checks' | 'metrics' | 'refusedCertificates' | 'cache'
  >,
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
      const { config, listeners, upstreams, checks, refusedCertificates } = supervisor
      const paused = Array.from(upstreams.values(), ({ upstream }) => upstream).filter(
        ({ name, isChecked }) => isChecked && checks.isPausedFor(name),
      )
      const said = diskProblem(supervisor.cache?.disk)
      return json<StatusAnswer>({
        release: packageVersion(),
        phase,
        uptime: Math.floor(process.uptime()),
        workers,
        listeners: listeners.map((each) => listenerUrl(each.config, each.port)),
        routes: config.routes.length,
        checksPaused: checks.isPaused ? 'all' : paused.map(({ name }) => redactUrls(name)),
        openBreakers: openCircuits(supervisor.metrics).map((each) => ({
          ...each,
          upstream: redactUrls(each.upstream),
        })),
        refusedCertificates: Array.from(
          refusedCertificates.values(),
          ({ place, problem, remedy = MEND }) => ({ place, problem, remedy }),
        ),
        ...(said !== undefined && { cacheOnDisk: said }),
        configuration: factsOf(reloader.version),
        lastReload: reloader.lastReload,
      })
    },
  })
}

const MEND = 'mend the file; it is read again as soon as it changes'

const OK = { status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' }

/** What orchestrators and scrapers ask for, without a token. */
export function probes(supervisor: Pick<Supervisor, 'status' | 'renderMetrics'>): AdminOperation[] {
  return [liveness, readiness(() => supervisor.status()), metrics(() => supervisor.renderMetrics())]
}

/** `/healthz`: whether this process can answer at all. A failure means that it should be restarted. */
export const liveness: AdminOperation = {
  method: 'GET',
  path: '/healthz',
  about: 'liveness: 200 as long as this process can answer',
  id: 'getLiveness',
  open: OK.type,
  answers: { 200: 'as described' },
  handle: () => OK,
}

/**
 * `/readyz`: whether traffic should be sent here. While one of several workers is being replaced, the others serve:
 * taking the whole gateway out of its load balancer would turn a scratch into an outage.
 */
export function readiness(status: () => SupervisorStatus): AdminOperation {
  return {
    method: 'GET',
    path: '/readyz',
    about:
      'readiness: 200 when traffic can be served; 503 while starting or draining, or when no worker listens',
    id: 'getReadiness',
    open: OK.type,
    answers: { 200: 'as described', 503: 'it starts or drains, or no worker listens' },
    handle() {
      const reason = notReady(status())
      return reason === undefined ? OK : problem(503, 'Not ready', reason)
    },
  }
}

function notReady({ phase, workers }: SupervisorStatus): string | undefined {
  const listening = workers.filter((state) => state === 'listening').length
  switch (phase) {
    case 'starting':
      return `starting: ${listening} of ${workers.length} workers listen`
    case 'draining':
      return 'draining: exchanges in flight are finished, new connections are refused'
    case 'stopped':
      return 'stopped'
    case 'running':
      return listening > 0
        ? undefined
        : `none of ${workers.length} workers listens: they crashed and are being replaced`
  }
}

/** `/metrics`: read from the workers' memories, so that neither they nor whoever asks wait for the other. */
function metrics(render: () => string): AdminOperation {
  return {
    method: 'GET',
    path: '/metrics',
    about: 'metrics of all workers together, in the text format of Prometheus',
    id: 'getMetrics',
    open: EXPOSITION_TYPE,
    answers: { 200: 'as described' },
    handle: () => ({ status: 200, type: EXPOSITION_TYPE, body: render() }),
  }
}
