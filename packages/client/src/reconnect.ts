import { type Clock, knownOptions, type OptionNames, type ErrorCode, type TrafficError } from '@headgate/core'

/** How an event stream is connected again. */
export interface ReconnectSettings {
  /** Times in a row without an event between them, after which the failure is told. Default 10. */
  readonly attempts?: number | undefined
  /** Milliseconds to wait at least, where the stream does not say (`retry:`). Default 1,000. */
  readonly delay?: number | undefined
  /** The most milliseconds to wait, unless the stream asks for more. Default 30,000. */
  readonly maxDelay?: number | undefined
}

const NAMES: OptionNames<ReconnectSettings> = { attempts: true, delay: true, maxDelay: true }

/** The same with nothing left open. */
export type ReconnectPlan = { readonly [Part in keyof ReconnectSettings]-?: number }

/**
 * @param reconnect as the caller has it. Left out, a stream that is got by GET is connected again, any other is not: a POST may do
 *   something each time, and only its caller knows.
 * @throws TypeError that names the option that is not valid
 */
export function reconnectPlan(
  reconnect: boolean | ReconnectSettings | undefined,
  method: string,
): ReconnectPlan | undefined {
  if (!(reconnect ?? method.toUpperCase() === 'GET')) return undefined
  const given = typeof reconnect === 'object' ? reconnect : {}
  const { attempts = 10, delay = 1_000, maxDelay = 30_000 } = knownOptions('reconnect', given, NAMES)
  for (const [name, value] of Object.entries({ attempts, delay, maxDelay })) {
    if (!(value >= 0)) throw new TypeError(`option reconnect.${name} is ${value}; allowed: a number from 0`)
  }
  return { attempts, delay, maxDelay }
}

/** What may be better the next time: the network's and the origin's bad moments, and the client's own limits. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'circuit_open',
  'concurrency_limited',
  'connect_failed',
  'connect_timeout',
  'deadline_exceeded',
  'dns_failed',
  'pool_queue_full',
  'pool_queue_timeout',
  'proxy_failed',
  'rate_limited',
  'upstream_closed',
  'upstream_timeout',
  'upstream_too_slow',
])

/** Whether connecting again may help. */
export function mayPass({ code }: TrafficError): boolean {
  return PASSING.has(code)
}

/**
 * How long to wait: never less than the stream or the failure asks for, and with each failure in a row up to twice as long,
 * spread by chance, since a server that restarts loses all its clients at one moment.
 * @param failures in a row, from 1
 * @param asked what the stream asked for, in milliseconds
 */
export function reconnectDelay(
  plan: ReconnectPlan,
  failures: number,
  asked: number | undefined,
  error: TrafficError | undefined,
  clock: Clock,
): number {
  const least = asked ?? plan.delay
  const spread = Math.min(Math.max(plan.maxDelay - least, 0), least * (2 ** failures - 1))
  return Math.max(least + clock.random() * spread, error?.retryAfter ?? 0)
}
