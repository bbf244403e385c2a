import {
  AddressGuard,
  type CircuitListener,
  type CircuitOptions,
  Circuits,
  type Clock,
  CookieJar,
  DEFAULT_CLIENT_OPTIONS,
  type Handler,
  LocalRateLimitStore,
  pacing,
  RetryBudget,
  systemClock,
  type Tracer,
} from '@headgate/core'
import { checkCall } from './check-options.ts'
import { EventSource } from './events.ts'
import { explain, type Explanation } from './explain.ts'
import { Hedges } from './hedges.ts'
import { type Finding, lint } from './lint.ts'
import { CallObserver } from './observe-call.ts'
import { installedOpenTelemetry, openTelemetryTracer } from './open-telemetry.ts'
import type { CallOptions, ClientOptions, PolicyOptions } from './options.ts'
import { type OriginFigures, OriginMetrics } from './origin-metrics.ts'
import { OriginLimiters } from './origin-limiters.ts'
import { closedError, Origins } from './origins.ts'
import { methodOf, prepare, type PreparedCall, type RequestDefaults } from './prepare.ts'
import { PRESETS } from './presets.ts'
import { type Failures, TRAFFIC_FAILURES } from './response/failures.ts'
import { headerList } from './request-headers.ts'
import { baseTarget, originOf, requestTarget } from './request-target.ts'
import type { ClientResponse } from './response/response.ts'
import { send } from './send.ts'
import { type Settings, settingsOf } from './settings.ts'
import { clientHandler, clientLayers, type StackContext } from './stack.ts'

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
      tracer: tracerOf(options),
      observer,
    }
    this.usual = { settings, handler: clientHandler(settings, this.context) }
    this.defaults = {
      base,
      headers: named('headers', () => headerList(options.headers ?? {})),
    }
    this.findings = lint(settings, options)
  }

  /** @param accept stands in for a missing Accept */
  send(
    url: string,
    call: PreparedCall,
    accept: string | undefined,
    failures: Failures = TRAFFIC_FAILURES,
  ): Promise<ClientResponse> {
    const { handler, settings } = this.stackFor(call)
    const { clock } = this
    const request = prepare(url, call, accept, this.defaults)
    return send(request, {
      handler,
      clock,
      signal: call.signal,
      priority: call.priority,
      maxBufferedBody: settings.maxBufferedBody,
      failures,
    })
  }

  /** Where a URL leads, as `https://api.example.com`. @throws TrafficError `invalid_request` */
  originOf(url: string): string {
    return originOf(requestTarget(url, this.defaults.base))
  }

  explain(url: string, call: CallOptions): Explanation {
    checkCall(call)
    const settings = settingsOf(this.options, call)
    const target = requestTarget(url, this.defaults.base)
    return explain({
      method: methodOf(call.method ?? 'GET'),
      target,
      settings,
      layers: clientLayers(settings, this.context),
      guard: this.guard,
      circuits: settings.breaker && this.context.circuits,
      pool: new Map(this.origins).get(originOf(target))?.stats()[0],
      findings: lint(settings, { ...this.options, ...call }),
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
    if (!changesPolicies(call)) return this.usual
    checkCall(call)
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
    const { preset = 'standard', pool, tls, proxy } = this.options
    const pace = { ...DEFAULT_CLIENT_OPTIONS.pace, idle: timeout.idle }
    return new Origins({
      clock: this.clock,
      connectTimeout: timeout.connect,
      connection: { responseHeadTimeout: timeout.head, pace },
      pool: { ...PRESETS[preset].pool, ...pool },
      guard: this.guard,
      proxy,
      ...(tls && { tls }),
    })
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

const POLICY_KEYS: readonly (keyof PolicyOptions)[] = [
  'timeout',
  'retry',
  'hedge',
  'breaker',
  'rateLimit',
  'concurrency',
  'pacing',
  'dedupe',
  'decompress',
  'resume',
  'maxBody',
  'redirect',
  'auth',
  'maxBufferedBody',
]

function changesPolicies(call: CallOptions): boolean {
  if (call.redirectMode !== undefined && call.redirectMode !== 'follow') return true
  return POLICY_KEYS.some((key) => call[key] !== undefined)
}
