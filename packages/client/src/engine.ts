import {
  AddressGuard,
  type CircuitListener,
  type CircuitOptions,
  Circuits,
  type Clock,
  CookieJar,
  DEFAULT_CLIENT_OPTIONS,
  own,
  type Handler,
  type HeadLimits,
  LocalRateLimitStore,
  pacing,
  proxySetting,
  RetryBudget,
  systemClock,
  type TlsOptions,
  TlsOrigin,
  type Tracer,
} from '@headgate/core'
import { checkedCall } from './check-call.ts'
import { EventSource } from './events.ts'
import { explain, type Explanation } from './explain.ts'
import { Hedges } from './hedges.ts'
import { type Finding, lint } from './lint.ts'
import { CallObserver } from './observe-call.ts'
import { installedOpenTelemetry, openTelemetryTracer } from './open-telemetry.ts'
import type { CallOptions, ClientOptions } from './options.ts'
import { type OriginFigures, OriginMetrics } from './origin-metrics.ts'
import { OriginLimiters } from './origin-limiters.ts'
import { closedError, Origins } from './origins.ts'
import { invalidRequest } from './invalid-request.ts'
import { methodOf } from './method.ts'
import { prepare, type RequestDefaults } from './prepare.ts'
import { PRESETS } from './presets.ts'
import type { RequestContent } from './request-body.ts'
import { type Failures, TRAFFIC_FAILURES } from './response/failures.ts'
import { defaultHeaders } from './default-headers.ts'
import { baseTarget, originOf, requestTarget } from './request-target.ts'
import type { ClientResponse } from './response/response.ts'
import { send } from './send.ts'
import { definedOnly, type Settings, settingsOf } from './settings.ts'
import type { StackContext } from './layers/layer.ts'
import { clientHandler, clientLayers } from './stack.ts'

/** How a call is sent, beside what its caller says of it. */
export interface Sending {
  /** Stands in for a missing Accept. */
  readonly accept: string | undefined
  /** What the caller has chosen the method by; undefined: as the options say. */
  readonly method: string | undefined
  /** Content that is ready to be sent: that of `fetch`, which has rules of its own for bodies. */
  readonly content: RequestContent | undefined
  readonly failures: Failures
}

export const AS_USUAL: Sending = {
  accept: undefined,
  method: undefined,
  content: undefined,
  failures: TRAFFIC_FAILURES,
}

interface CompiledStack {
  readonly settings: Settings
  readonly handler: Handler
}

/** What a client runs on: its options, compiled, and the state of its policies. */
export class ClientEngine {
  readonly name: string
  readonly options: ClientOptions
  readonly clock: Clock
  readonly events: EventSource = new EventSource()
  /** Options that do not do what was meant. */
  readonly findings: readonly Finding[]
  private readonly counts = new OriginMetrics()
  private readonly guard: AddressGuard | undefined
  private readonly origins: Origins | undefined
  private readonly context: StackContext
  private readonly usual: CompiledStack
  private readonly defaults: RequestDefaults
  private closed = false

  /** @throws TypeError that names the option that is not valid, and what is allowed */
  constructor(options: ClientOptions) {
    const { clock = systemClock, name = 'client', baseUrl } = options
    const settings = settingsOf(options)
    const base = baseUrl === undefined ? undefined : named('baseUrl', () => baseTarget(String(baseUrl)))
    const headers = named('headers', () => defaultHeaders(options.headers, base !== undefined))
    this.defaults = { base, headers }
    this.name = name
    this.options = options
    this.clock = clock
    this.guard = guardOf(options)
    const { transport } = options
    this.origins = transport === undefined ? this.makeOrigins(settings) : undefined
    const budget = new RetryBudget(clock, { ratio: settings.retry.budget })
    const observer = new CallObserver(name, this.events, this.counts)
    this.context = {
      // One of the two is there.
      transport: transport === undefined ? (this.origins as Origins).handler : this.untilClosed(transport),
      budget,
      hedges: new Hedges(settings.hedge, { budget, onHedge: observer.hedgeSent }),
      circuits: settings.breaker && this.makeCircuits(settings.breaker),
      rates: settings.rateLimit && new LocalRateLimitStore(settings.rateLimit),
      jar: jarOf(options),
      limiters: settings.concurrency && new OriginLimiters(settings.concurrency, clock),
      pacing: settings.pacing && pacing(settings.pacing),
      policies: options.policies ?? [],
      origins: base && [originOf(base)],
      boundFields: headers.bound,
      tracer: tracerOf(options),
      observer,
    }
    this.usual = { settings, handler: clientHandler(settings, this.context) }
    this.findings = lint(settings, options)
  }

  send(url: string, options: CallOptions | undefined, how: Sending): Promise<ClientResponse> {
    const { call, changesPolicies } = checkedCall(options)
    const { handler, settings } = changesPolicies ? this.stackFor(call) : this.usual
    const { clock } = this
    const { accept, content, failures } = how
    const method = how.method ?? call.method ?? 'GET'
    const request = prepare(url, { call, method, accept, content }, this.defaults)
    return send(request, {
      handler,
      clock,
      signal: call.signal,
      priority: call.priority,
      maxBufferedBody: settings.maxBufferedBody,
      listeners: call,
      failures,
    })
  }

  /** Where a URL leads, as `https://api.example.com`. @throws TrafficError `invalid_request` */
  originOf(url: string): string {
    return originOf(requestTarget(url, this.defaults.base))
  }

  explain(url: string, options: CallOptions): Explanation {
    const { call } = checkedCall(options)
    const settings = settingsOf(this.options, call)
    const target = requestTarget(url, this.defaults.base)
    return explain({
      method: methodOf(call.method ?? 'GET', invalidRequest),
      target,
      settings,
      policies: clientLayers(settings, this.context).map(({ layer }) => ({
        name: layer.name,
        does: layer.tells({ settings, origins: this.context.origins }),
      })),
      guard: this.guard,
      circuits: settings.breaker && this.context.circuits,
      pool: new Map(this.origins).get(originOf(target))?.stats()[0],
      findings: lint(settings, own({ ...this.options, ...definedOnly(call) })),
    })
  }

  metrics(): OriginFigures[] {
    const circuits = this.context.circuits?.states()
    const upstreams = new Map(this.origins)
    return [...this.counts].map(([origin, counts]) => ({
      ...counts.figures,
      origin,
      pool: upstreams.get(origin)?.stats()[0],
      circuit: circuits?.get(origin),
    }))
  }

  /** @param grace milliseconds that calls under way have to finish; those of a transport in code are not waited for */
  async close(grace: number): Promise<void> {
    const { origins } = this
    this.closed = true
    if (origins === undefined) return
    const timer = this.clock.timer(() => origins.destroy())
    timer.arm(grace)
    await origins.drain()
    timer.disarm()
  }

  private untilClosed(transport: Handler): Handler {
    return (exchange) => (this.closed ? Promise.reject(closedError()) : transport(exchange))
  }

  /** A call that says something about policies gets a stack of its own, over the same state. */
  private stackFor(call: CallOptions): CompiledStack {
    const settings = settingsOf(this.options, call)
    return { settings, handler: clientHandler(settings, this.context) }
  }

  private makeCircuits(options: CircuitOptions): Circuits {
    const onTransition: CircuitListener = (origin, from, to) => {
      if (this.events.hears('circuit-changed'))
        this.events.tell('circuit-changed', { client: this.name, origin, from, to })
    }
    return new Circuits({ ...options, onTransition })
  }

  private makeOrigins({ timeout }: Settings): Origins {
    const { preset = 'standard', pool, tls, proxy, maxResponseHead: head } = this.options
    const pace = { ...DEFAULT_CLIENT_OPTIONS.pace, idle: timeout.idle }
    return new Origins({
      clock: this.clock,
      connectTimeout: timeout.connect,
      connection: {
        responseHeadTimeout: timeout.head,
        unreadTimeout: timeout.unread,
        pace,
        limits: headLimits(head),
      },
      pool: { ...PRESETS[preset].pool, ...pool },
      guard: this.guard,
      proxy: proxy === undefined ? undefined : named('proxy', () => proxySetting(proxy)),
      ...(tls && { tls: named('tls', () => checkedTls(tls)) }),
    })
  }
}

/** Read once here, so that what is no certificate is not found out by the first call. */
function checkedTls(tls: TlsOptions): TlsOptions {
  void new TlsOrigin('localhost', tls)
  return tls
}

function headLimits(head: number = DEFAULT_CLIENT_OPTIONS.limits.head): HeadLimits {
  const { limits } = DEFAULT_CLIENT_OPTIONS
  return { ...limits, head, fields: Math.max(limits.fields, Math.ceil((head / limits.head) * limits.fields)) }
}

function jarOf({ cookies = false }: ClientOptions): CookieJar | undefined {
  if (cookies === true) return new CookieJar()
  return cookies === false ? undefined : cookies
}

function tracerOf({ tracing = true }: ClientOptions): Tracer | undefined {
  if (tracing === false) return undefined
  const api = tracing === true ? installedOpenTelemetry() : tracing
  return api && openTelemetryTracer(api)
}

/** What is wrong with an option is told under its name. */
function named<Value>(option: string, make: () => Value): Value {
  try {
    return make()
  } catch (cause) {
    throw new TypeError(`option ${option}: ${(cause as Error).message}`, { cause })
  }
}

function guardOf({
  preset = 'standard',
  guard = PRESETS[preset].guard,
}: ClientOptions): AddressGuard | undefined {
  if (guard === undefined || guard === false) return undefined
  return new AddressGuard(guard === true ? {} : guard)
}
