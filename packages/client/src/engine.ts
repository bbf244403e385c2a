import {
  type CircuitListener,
  type CircuitOptions,
  Circuits,
  type Clock,
  CookieJar,
  own,
  type Handler,
  LocalRateLimitStore,
  pacing,
  RetryBudget,
  systemClock,
  type Tracer,
} from '@headgate/core'
import type { Call } from './call.ts'
import { saidMode, tellCaches } from './cache/cache-mode.ts'
import { cacheOf } from './cache/client-cache.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { transportHandler } from './code-transport.ts'
import { type CheckedCall, checkedCall, chosenMethod } from './check-call.ts'
import { Connections } from './connections.ts'
import { toldRequests } from './diagnostics/told-requests.ts'
import { EventSource } from './events.ts'
import { explain, type Explanation } from './explain.ts'
import type { ToldReferrer } from './fetch/referrer.ts'
import { Hedges } from './hedges.ts'
import { type Finding, lint } from './lint.ts'
import { CallObserver } from './observe-call.ts'
import { installedOpenTelemetry, openTelemetryTracer } from './open-telemetry.ts'
import type { CallOptions, ClientOptions } from './options.ts'
import { type OriginFigures, OriginMetrics } from './origin-metrics.ts'
import { OriginLimiters } from './origin-limiters.ts'
import { named } from './option-check.ts'
import { holdProcess, releaseProcess } from './process-hold.ts'
import { closedError } from './origins.ts'
import { invalidRequest } from './invalid-request.ts'
import { methodOf } from './method.ts'
import { prepare, type RequestDefaults } from './prepare.ts'
import { queryText } from './query.ts'
import type { RequestContent } from './request-body.ts'
import { jsonReader } from './response/content.ts'
import { type Failures, TRAFFIC_FAILURES } from './response/failures.ts'
import { defaultHeaders } from './default-headers.ts'
import { baseTarget, originOf, requestTarget } from './request-target.ts'
import { hasHooks } from './retry-hooks.ts'
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
  /** Undefined: as the client's methods do. */
  readonly failures: Failures | undefined
  /** Whether its timing is to be found in `performance`, as the platform's fetch has it. */
  readonly marksTiming: boolean
  /** Where a call of `fetch` says that it comes from. */
  readonly referrer: ToldReferrer | undefined
  /** Told of the exchange that it becomes. */
  readonly call: Call | undefined
}

export const AS_USUAL: Sending = {
  accept: undefined,
  method: undefined,
  content: undefined,
  failures: undefined,
  marksTiming: false,
  referrer: undefined,
  call: undefined,
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
  /** Undefined where a transport answers in place of the network. */
  private readonly connections: Connections | undefined
  private readonly underWay = new CallsUnderWay()
  /** Whether the connections are still its own, too. */
  private holdsConnections = true
  private readonly context: StackContext
  private readonly usual: CompiledStack
  private readonly defaults: RequestDefaults
  private readonly failures: Failures
  private closed = false

  /**
   * @param kin the engine of the client that this one extends, whose connections it shares if they would be made alike
   * @throws TypeError that names the option that is not valid, and what is allowed
   */
  constructor(options: ClientOptions, kin?: ClientEngine) {
    const { clock = systemClock, name = 'client', baseUrl } = options
    const settings = settingsOf(options)
    const base = baseUrl === undefined ? undefined : named('baseUrl', () => baseTarget(String(baseUrl)))
    const headers = named('headers', () => defaultHeaders(options.headers, base !== undefined))
    const { query, queryArrays, parseJson } = options
    if (query !== undefined) named('query', () => queryText(query, queryArrays))
    this.defaults = { base, headers, query, queryArrays }
    this.failures =
      parseJson === undefined ? TRAFFIC_FAILURES : { ...TRAFFIC_FAILURES, json: jsonReader(parseJson) }
    this.name = name
    this.options = options
    this.clock = clock
    const { transport } = options
    this.connections =
      transport === undefined ? new Connections(options, settings, clock, kin?.connections) : undefined
    const budget = new RetryBudget(clock, { ratio: settings.retry.budget })
    const observer = new CallObserver(name, this.events, this.counts, this.underWay)
    this.context = {
      // One of the two is there.
      transport: this.untilClosed(
        transport === undefined
          ? (this.connections as Connections).origins.handler
          : transportHandler(transport),
      ),
      budget,
      hedges: new Hedges(settings.hedge, { budget, onHedge: observer.hedgeSent }),
      circuits: settings.breaker && this.makeCircuits(settings.breaker),
      rates: settings.rateLimit && new LocalRateLimitStore(settings.rateLimit),
      jar: jarOf(options),
      cache: cacheOf(options, this.connections, headers, kin?.context.cache),
      isClosed: () => this.closed,
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
    this.connections?.hold()
  }

  send(url: string, options: CallOptions | undefined, how: Sending): Promise<ClientResponse> {
    return this.sendChecked(url, checkedCall(options), how)
  }

  sendChecked(url: string, { call, changesPolicies }: CheckedCall, how: Sending): Promise<ClientResponse> {
    const { handler, settings } = changesPolicies ? this.stackFor(call) : this.usual
    const { clock } = this
    const { accept, content, failures = this.failures, marksTiming, referrer } = how
    const method = how.method === undefined ? (call.method ?? 'GET') : chosenMethod(how.method, call.method)
    const request = prepare(url, { call, method, accept, content }, this.defaults)
    const cacheMode = saidMode(call.cache, this.context.cache !== undefined)
    if (cacheMode !== undefined) tellCaches(cacheMode, request.headers)
    return send(request, {
      handler,
      clock,
      signal: call.signal,
      priority: call.priority,
      maxBufferedBody: settings.maxBufferedBody,
      listeners: call,
      failures,
      marksTiming,
      referrer,
      call: how.call,
      cacheMode: this.context.cache && cacheMode,
      mayHang: this.context.policies.length > 0 || hasHooks(settings),
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
      guard: this.connections?.guard,
      circuits: settings.breaker && this.context.circuits,
      pool: new Map(this.connections?.origins).get(originOf(target))?.stats(),
      findings: lint(settings, own({ ...this.options, ...definedOnly({ ...call, cache: undefined }) })),
    })
  }

  metrics(): OriginFigures[] {
    const circuits = this.context.circuits?.states()
    const upstreams = new Map(this.connections?.origins)
    return [...this.counts].map(([origin, counts]) => ({
      ...counts.figures,
      origin,
      pool: upstreams.get(origin)?.stats(),
      circuit: circuits?.get(origin),
    }))
  }

  /**
   * The last of those that share connections closes them.
   * @param grace milliseconds that calls under way have to finish; those of a transport in code are not waited for
   */
  async close(grace: number): Promise<void> {
    this.closed = true
    const origins = this.connections?.origins
    if (origins === undefined) return
    const isLast = origins.users === (this.holdsConnections ? 1 : 0)
    await this.callsEnd(grace, isLast ? origins.drain() : undefined)
    if (!this.holdsConnections) return
    this.holdsConnections = false
    origins.users--
    // The others have ended meanwhile.
    if (origins.users === 0) origins.destroy()
  }

  /** Those of a client that wait for a hook, a turn or their next attempt have no connection: they are waited for, and cut, all the same. */
  private async callsEnd(grace: number, drained: Promise<void> | undefined): Promise<void> {
    const expired = Promise.withResolvers<void>()
    const timer = this.clock.timer(() => {
      this.underWay.cut()
      expired.resolve()
    })
    timer.arm(grace)
    // A response that nobody reads has no socket or timer that would keep the process alive until its time is over.
    holdProcess()
    try {
      await Promise.race([expired.promise, Promise.all([drained, this.underWay.ended()])])
    } finally {
      releaseProcess()
      timer.disarm()
    }
  }

  private untilClosed(transport: Handler): Handler {
    const told = toldRequests(transport)
    return (exchange) => (this.closed ? Promise.reject(closedError()) : told(exchange))
  }

  /** A call that says something about policies gets a stack of its own, over the same state. */
  private stackFor(call: CallOptions): CompiledStack {
    const settings = settingsOf(this.options, call)
    const { socketPath } = call
    return { settings, handler: clientHandler(settings, this.context, this.transportTo(socketPath)) }
  }

  /** @throws TypeError if that is a unix socket which the client does not let calls name */
  private transportTo(socketPath: string | undefined): Handler {
    if (socketPath === undefined) return this.context.transport
    const { socketPath: option } = this.options
    const allowed = typeof option === 'object' ? (option.allow ?? []) : []
    if (!allowed.includes(socketPath))
      throw new TypeError(
        `option socketPath of a call is ${JSON.stringify(socketPath)}, which this client does not allow: name it in the option socketPath: { allow: [...] } of createClient`,
      )
    const { connections, context } = this
    return connections === undefined
      ? context.transport
      : this.untilClosed(connections.origins.at(socketPath))
  }

  private makeCircuits(options: CircuitOptions): Circuits {
    const onTransition: CircuitListener = (origin, from, to) => {
      if (this.events.hears('circuit-changed'))
        this.events.tell('circuit-changed', { client: this.name, origin, from, to })
    }
    return new Circuits({ ...options, onTransition })
  }
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
