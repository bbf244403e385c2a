import { type AttemptRow, type ExchangeRow, type LeadTo, type Route } from './layer.ts'
import {
  copyExchange,
  type Exchange,
  type Handler,
  type HttpResponse,
  type MetricRegistry,
  type Policy,
  timeout,
  TrafficError,
} from '@headgate/core'
import { metric } from '../metrics/metric.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { bytesOr0, integer, value } from '../settings/schema/setting.ts'
import { type Kind, upstreamReference } from '../settings/values/kinds.ts'
import { parsed, refused } from '../settings/values/parsed.ts'

export const percentage: Kind<number> = {
  allowed: 'a number from 0 to 100',
  json: { type: 'number', minimum: 0, maximum: 100 },
  parse: (written) =>
    typeof written === 'number' && written >= 0 && written <= 100
      ? parsed(written)
      : refused('is not a percentage'),
}

export const mirrorSetting = section('MirrorInput', () => ({
  upstream: value(
    upstreamReference,
    'The name of an upstream, or the URL of a single endpoint, that gets a copy; what it answers is dropped.',
  ),
  percent: value(percentage, 'Share of the requests that are copied, in percent.').prefault(100),
  concurrency: integer('Copies per worker that may be under way; beyond that, none are made.', 64, 1, 10_000),
  body: bytesOr0('Requests with a larger body, or one that is still arriving, are not copied.').prefault(
    '16KiB',
  ),
}))

export type MirrorConfig = Read<typeof mirrorSetting>

export const mirrorLayer: ExchangeRow<
  { readonly route: Route<'mirror', MirrorConfig> },
  { readonly leadTo: LeadTo; readonly metrics: MetricRegistry },
  MirrorConfig
> = {
  name: 'mirror',
  once: 'exchange',
  about: 'sends a copy to a further upstream',
  judged: false,
  towardsUpstream: 'only',
  upstreams: ({ upstream }) => [[['upstream'], upstream]],
  build: ({ route }, { leadTo, metrics }) =>
    route.mirror &&
    mirror(route.mirror, leadTo('mirror', route.mirror.upstream), mirrorMetrics(metrics, route.name)),
  tells: ({ route }) => route.mirror,
}

export const mirrorTimeoutLayer: AttemptRow = {
  name: 'timeout',
  once: 'attempt',
  ways: ['mirror'],
  about: 'gives a copy up that takes longer than 30 seconds',
  build: () => timeout({ exchange: MIRROR_TIMEOUT }),
  tells: () => ({ exchange: '30s' }),
}

/** What `headgate explain` says of it. */
export function mirrorLine({ upstream, percent }: MirrorConfig): string {
  return percent === 100
    ? `a copy goes to ${upstream}`
    : `a copy of ${percent} % of all requests goes to ${upstream}`
}

/** A copy is worth no second attempt, and nobody waits for it longer than this. */
const MIRROR_TIMEOUT = 30_000

const MIRRORED = metric({
  kind: 'counter',
  name: 'headgate_mirror_requests_total',
  labels: ['route', 'outcome'],
  help: 'Requests that the mirror of the route was to copy: "answered", whatever the answer, "failed", or "dropped" and not copied, as too many copies were under way or the body was not there or too large.',
})

/** What became of copies: answered, whatever the answer; failed; or not made at all. */
export type MirrorOutcome = 'answered' | 'failed' | 'dropped'

/** What to call for each exchange that a mirror was to copy. */
export function mirrorMetrics(metrics: MetricRegistry, route: string): (outcome: MirrorOutcome) => void {
  const counters = {
    answered: metrics.get(MIRRORED, { route, outcome: 'answered' }),
    failed: metrics.get(MIRRORED, { route, outcome: 'failed' }),
    dropped: metrics.get(MIRRORED, { route, outcome: 'dropped' }),
  }
  return (outcome) => counters[outcome].add(1)
}

/** The most of an answer that is read, so that its connection can be used again; beyond that, the connection goes. */
const MOST_READ = 1024 * 1024

/**
 * Sends copies of requests to a second handler, and drops what it answers. The exchange neither waits for its copy nor learns
 * of its failure; and copies are not made where one would have to be waited for: too many under way, a body still arriving.
 * @param handler must end each exchange by itself, as one with a timeout does
 * @param told of what became of each copy that was to be made
 */
export function mirror(
  config: Omit<MirrorConfig, 'upstream'>,
  handler: Handler,
  told: (outcome: MirrorOutcome) => void,
): Policy {
  let active = 0
  const ended = (isAnswered: boolean): void => {
    active--
    told(isAnswered ? 'answered' : 'failed')
  }
  return (next) =>
    function mirror(exchange) {
      if (exchange.clock.random() * 100 >= config.percent) return next(exchange)
      // Before it is sent: what stands further in changes the request.
      const copy = active < config.concurrency ? copyOf(exchange, config.body) : undefined
      const answer = next(exchange)
      if (copy === undefined) told('dropped')
      else {
        active++
        void send(copy, handler).then(ended)
      }
      return answer
    }
}

/** Undefined if it cannot be copied without waiting for its body. */
function copyOf(exchange: Exchange, limit: number): Exchange | undefined {
  const { request } = exchange
  const { whole } = request.body
  if (whole === undefined || whole.length > limit || request.upgrade !== undefined) return undefined
  return copyExchange(exchange, request.clone(), { apart: true })
}

/** Whether it was answered. Never rejects. */
async function send(copy: Exchange, handler: Handler): Promise<boolean> {
  let status: number | undefined
  let error: TrafficError | undefined
  try {
    const response = await handler(copy)
    status = response.status
    await dropped(response)
  } catch (thrown) {
    error = TrafficError.from(thrown)
  }
  copy.finish({ status, error, bytesSent: 0, bytesReceived: 0 })
  return error === undefined
}

function dropped({ body, tunnel }: HttpResponse): Promise<void> {
  const unwanted = new TrafficError('cancelled', 'nobody reads the answer to a mirrored request')
  if (tunnel !== undefined) tunnel.incoming.cancel(unwanted)
  if (body.whole !== undefined) return Promise.resolve()
  return new Promise((resolve) => {
    let size = 0
    const settle = (): void => resolve()
    body.flowTo({
      holdsNothing: true,
      write(chunk) {
        size += chunk.byteLength
        if (size <= MOST_READ) return true
        body.cancel(unwanted)
        resolve()
        return false
      },
      end: settle,
      fail: settle,
    })
  })
}
