import {
  type Exchange,
  type Handler,
  type Outcome,
  type Policy,
  type RateDecision,
  TrafficError,
} from '@headgate/core'
import type { CallsUnderWay } from './calls-under-way.ts'
import type { AttemptEvent, CallEvent, EventSource } from './events.ts'
import type { OriginMetrics } from './origin-metrics.ts'
import { originOf } from './request-target.ts'

let last = 0

/** The number by which events speak of a call. It stands in the exchange: a WeakMap of them took 1 µs a call. */
export function numberOf(exchange: Exchange): number {
  if (exchange.number === 0) exchange.number = ++last
  return exchange.number
}

/** Makes events and figures of what happens to calls, in the four places of the stack where it can be seen. */
export class CallObserver {
  private readonly client: string
  private readonly events: EventSource
  private readonly metrics: OriginMetrics
  private readonly underWay: CallsUnderWay

  constructor(client: string, events: EventSource, metrics: OriginMetrics, underWay: CallsUnderWay) {
    this.client = client
    this.events = events
    this.metrics = metrics
    this.underWay = underWay
  }

  /** The outermost policy: sees a call as its caller does. */
  readonly calls: Policy = (next) => (exchange) => {
    const figures = this.metrics.of(exchange)
    figures.begin()
    const slot = this.underWay.add(exchange)
    exchange.onFinish((_exchange, outcome) => {
      figures.end(exchange, outcome)
      this.underWay.remove(slot)
    })
    const { events } = this
    if (events.hears('submitted')) events.tell('submitted', this.describe(exchange))
    if (events.hears('finished') || events.hears('cancelled')) exchange.onFinish(this.finished)
    return next(exchange)
  }

  /** Sees each attempt, from its start to its response's head. */
  readonly attempts: Policy = (next) => {
    const observed = this.observedAttempt(next)
    return (exchange) => {
      this.metrics.of(exchange).attempts++
      const { events } = this
      const heard =
        events.hears('attempt-started') || events.hears('response-received') || events.hears('attempt-failed')
      return heard ? observed(exchange) : next(exchange)
    }
  }

  private observedAttempt(next: Handler): Handler {
    const { events } = this
    return async (exchange) => {
      const started = exchange.clock.now()
      const event = { ...this.describeAttempt(exchange) }
      if (events.hears('attempt-started')) events.tell('attempt-started', event)
      try {
        const response = await next(exchange)
        const duration = exchange.clock.now() - started
        if (events.hears('response-received'))
          events.tell('response-received', { ...event, status: response.status, duration })
        return response
      } catch (thrown) {
        const duration = exchange.clock.now() - started
        if (events.hears('attempt-failed'))
          events.tell('attempt-failed', { ...event, ...failure(TrafficError.from(thrown)), duration })
        throw thrown
      }
    }
  }

  readonly retryScheduled = (exchange: Exchange, error: TrafficError, delay: number): void => {
    this.metrics.of(exchange).retries++
    if (!this.events.hears('retry-scheduled')) return
    this.events.tell('retry-scheduled', { ...this.describeAttempt(exchange), ...failure(error), delay })
  }

  readonly hedgeSent = (exchange: Exchange): void => {
    this.metrics.of(exchange).hedges++
    if (this.events.hears('hedge-sent')) this.events.tell('hedge-sent', this.describeAttempt(exchange))
  }

  readonly rateDecided = (exchange: Exchange, { allowed, wait }: RateDecision): void => {
    if ((allowed && wait === 0) || !this.events.hears('rate-limited')) return
    this.events.tell('rate-limited', { ...this.describe(exchange), allowed, wait })
  }

  private readonly finished = (exchange: Exchange, outcome: Outcome): void => {
    const { events } = this
    const event = this.describe(exchange)
    const { cancellation } = exchange
    if (cancellation !== undefined && events.hears('cancelled'))
      events.tell('cancelled', { ...event, ...failure(cancellation) })
    if (!events.hears('finished')) return
    events.tell('finished', {
      ...event,
      status: outcome.status,
      code: outcome.error?.code,
      attempts: exchange.attempts,
      duration: exchange.clock.now() - exchange.startedAt,
      bytes: outcome.bytesReceived,
    })
  }

  private describe(exchange: Exchange): CallEvent {
    const { request } = exchange
    return {
      client: this.client,
      call: numberOf(exchange),
      method: request.method,
      url: originOf(request) + request.path,
    }
  }

  private describeAttempt(exchange: Exchange): AttemptEvent {
    return { ...this.describe(exchange), attempt: exchange.attempts }
  }
}

function failure({ code, phase, message }: TrafficError): Pick<TrafficError, 'code' | 'phase' | 'message'> {
  return { code, phase, message }
}
