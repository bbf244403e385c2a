import {
  AddressGuard,
  type CircuitListener,
  type CircuitOptions,
  Circuits,
  type Clock,
  DEFAULT_CLIENT_OPTIONS,
  type Handler,
  LocalRateLimitStore,
  RetryBudget,
  systemClock,
} from '@headgate/core'
import { Call } from './call.ts'
import { type ClientEventName, type ClientListener, EventSource } from './events.ts'
import { type FetchInit, fetchInput } from './fetch-input.ts'
import type { CallOptions, ClientOptions, PolicyOptions } from './options.ts'
import { CallObserver } from './observe-call.ts'
import { type OriginFigures, OriginMetrics } from './origin-metrics.ts'
import { Origins } from './origins.ts'
import { prepare, type RequestDefaults } from './prepare.ts'
import { PRESETS } from './presets.ts'
import { headerList } from './request-headers.ts'
import { baseTarget } from './request-target.ts'
import type { ClientResponse } from './response.ts'
import { type Result, settle } from './result.ts'
import { send } from './send.ts'
import { type Settings, settingsOf } from './settings.ts'
import { clientHandler, type StackContext } from './stack.ts'
import { StatusError } from './status-error.ts'

interface CompiledStack {
  readonly settings: Settings
  readonly handler: Handler
}

/** Calls with the same options, over the same connections. */
export class Client {
  readonly name: string
  private readonly options: ClientOptions
  private readonly events = new EventSource()
  private readonly counts = new OriginMetrics()
  private readonly clock: Clock
  private readonly settings: Settings
  private readonly context: StackContext
  private readonly origins: Origins | undefined
  private readonly usual: CompiledStack
  private readonly defaults: RequestDefaults

  /** @throws TypeError that names the option that is not valid, and what is allowed */
  constructor(options: ClientOptions = {}) {
    const { clock = systemClock } = options
    this.name = options.name ?? 'client'
    this.options = options
    this.clock = clock
    this.settings = settingsOf(options)
    this.origins = options.transport === undefined ? makeOrigins(options, this.settings, clock) : undefined
    this.context = {
      // One of the two is there.
      transport: options.transport ?? (this.origins as Origins).handler,
      budget: new RetryBudget(clock, { ratio: this.settings.retry.budget }),
      circuits: this.settings.breaker && this.makeCircuits(this.settings.breaker),
      rates: this.settings.rateLimit && new LocalRateLimitStore(this.settings.rateLimit),
      policies: options.policies ?? [],
      observer: new CallObserver(this.name, this.events, this.counts),
    }
    this.usual = { settings: this.settings, handler: clientHandler(this.settings, this.context) }
    this.defaults = {
      base: options.baseUrl === undefined ? undefined : baseTarget(String(options.baseUrl)),
      headers: headerList(options.headers ?? {}),
    }
  }

  get(url: string | URL, options?: CallOptions): Call {
    return this.call('GET', url, options)
  }

  head(url: string | URL, options?: CallOptions): Call {
    return this.call('HEAD', url, options)
  }

  post(url: string | URL, options?: CallOptions): Call {
    return this.call('POST', url, options)
  }

  put(url: string | URL, options?: CallOptions): Call {
    return this.call('PUT', url, options)
  }

  patch(url: string | URL, options?: CallOptions): Call {
    return this.call('PATCH', url, options)
  }

  delete(url: string | URL, options?: CallOptions): Call {
    return this.call('DELETE', url, options)
  }

  /** As WHATWG `fetch`, which it can stand in for without the client: a status is no error, whatever it is. */
  readonly fetch = async (input: string | URL | Request, init?: FetchInit): Promise<Response> => {
    const { url, call } = fetchInput(input, init)
    // A ClientResponse passes for a Response: see there.
    return (await this.send(url, call, undefined)) as unknown as Response
  }

  /** The response of a call, or whatever `work` brings, or the error: as a value. Never rejects. */
  attempt<Value>(work: PromiseLike<Value>): Promise<Result<Value>>
  attempt(url: string | URL, options?: CallOptions): Promise<Result<ClientResponse>>
  attempt(work: PromiseLike<unknown> | string | URL, options?: CallOptions): Promise<Result<unknown>> {
    if (typeof work === 'string' || work instanceof URL)
      return settle(this.call(options?.method ?? 'GET', work, options))
    return settle(work)
  }

  /** Calls `listener` whenever `name` happens; the answer ends that. The same is told on `headgate.client.<name>` of node:diagnostics_channel. */
  on<Name extends ClientEventName>(name: Name, listener: ClientListener<Name>): () => void {
    return this.events.on(name, listener)
  }

  /** What was counted for each origin, with the state of its pool and circuit. */
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

  /** Takes no more calls, waits for those under way, at most `grace` milliseconds (default 10,000), and closes all connections. */
  async close({ grace = 10_000 }: { readonly grace?: number | undefined } = {}): Promise<void> {
    const { origins } = this
    if (origins === undefined) return
    const timer = this.clock.timer(() => origins.destroy())
    timer.arm(grace)
    await origins.drain()
    timer.disarm()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private makeCircuits(options: CircuitOptions): Circuits {
    const onTransition: CircuitListener = (origin, from, to) => {
      if (this.events.hears('circuit-changed'))
        this.events.tell('circuit-changed', { client: this.name, origin, from, to })
    }
    return new Circuits({ ...options, onTransition })
  }

  private call(method: string, url: string | URL, options: CallOptions | undefined): Call {
    return new Call(async (accept) => {
      const response = await this.send(String(url), { ...options, method }, accept)
      if (response.status < 400 || options?.throwOnStatus === false) return response
      throw new StatusError(method, response)
    })
  }

  private send(url: string, call: CallOptions, accept: string | undefined): Promise<ClientResponse> {
    const { handler, settings } = this.stackFor(call)
    const { clock } = this
    const request = prepare(url, call, accept, this.defaults)
    return send(request, { handler, clock, signal: call.signal, maxBufferedBody: settings.maxBufferedBody })
  }

  /** A call that says something about policies gets a stack of its own, over the same state. */
  private stackFor(call: CallOptions): CompiledStack {
    if (!changesPolicies(call)) return this.usual
    const settings = settingsOf(this.options, call)
    return { settings, handler: clientHandler(settings, this.context) }
  }
}

const POLICY_KEYS: readonly (keyof PolicyOptions)[] = [
  'timeout',
  'retry',
  'hedge',
  'breaker',
  'rateLimit',
  'redirect',
  'maxBufferedBody',
]

function changesPolicies(call: CallOptions): boolean {
  return POLICY_KEYS.some((key) => call[key] !== undefined)
}

function makeOrigins(options: ClientOptions, settings: Settings, clock: Clock): Origins {
  const { connect, head, idle } = settings.timeout
  const guard = options.guard ?? PRESETS[options.preset ?? 'standard'].guard ?? false
  return new Origins({
    clock,
    connectTimeout: connect,
    connection: {
      responseHeadTimeout: head,
      pace: { ...DEFAULT_CLIENT_OPTIONS.pace, idle },
    },
    pool: { ...PRESETS[options.preset ?? 'standard'].pool, ...options.pool },
    guard: guard === false ? undefined : new AddressGuard(guard === true ? {} : guard),
    ...(options.tls && { tls: options.tls }),
  })
}
