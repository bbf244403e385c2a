import { type Client, createClient } from '@headgate/client'
import { json, text } from '@headgate/client/web'
import { type Clock, type Handler, knownOptions, type OptionNames, systemClock } from '@headgate/core'
import type { GatewayConfigInput } from '../config/input/input.ts'
import { createGateway, type EmbeddedGateway, type ListeningOn } from '../embedding/create-gateway.ts'
import type { Handle } from '../features/handlers/answer-by-code.ts'
import type { LogEntry } from '../features/handlers/handler-context.ts'
import type { CloseReport } from '../gateway-options.ts'
import { type AppInfo, describeApp } from './app-description.ts'
import { type AppRoute, namedRoutes, routeInput } from './app-route.ts'
import { type Dependency, readinessOf } from './readiness.ts'

/** Options of `createApp`. */
export interface AppOptions {
  /** What answers, by method and path, as `GET /orders/:id`: a function, an object with `fetch`, or more about it. */
  readonly routes: Readonly<Record<string, Handle | AppRoute>>
  /** For the description at `/openapi.json`. */
  readonly info?: AppInfo | undefined
  /** What `/readyz` looks at. Default: nothing. */
  readonly dependencies?: readonly Dependency[] | undefined
  /** Everything else that a gateway can be told: `listeners`, `limits`, `defaults`, `authenticators`. */
  readonly gateway?: Omit<GatewayConfigInput, 'routes'> | undefined
  /** Takes each line of the access log. Default: there is none. */
  readonly accessLog?: ((line: string) => void) | undefined
  /** Takes what handlers write into the log, and what they throw. Default: failures go to `console.error`, all else nowhere. */
  readonly log?: ((entry: LogEntry) => void) | undefined
  /** Default: the clock of the machine. */
  readonly clock?: Clock | undefined
}

const OPTIONS: OptionNames<AppOptions> = {
  routes: true,
  info: true,
  dependencies: true,
  gateway: true,
  accessLog: true,
  log: true,
  clock: true,
}

/** An HTTP service of one's own. */
export interface App {
  /** Answers without a port: `createClient({ transport: app.handler })`. */
  readonly handler: Handler
  /** The same for programs of the web platform: what `fetch` of an app is. */
  fetch(request: Request): Promise<Response>
  /** Binds the listeners of `gateway`, which are `127.0.0.1:8080` by default. */
  listen(): Promise<readonly ListeningOn[]>
  /** Listens until SIGTERM or SIGINT, and ends in good form: what is under way is finished. */
  run(): Promise<CloseReport>
  /** In OpenAPI 3.1, as at `/openapi.json`. */
  readonly description: Readonly<Record<string, unknown>>
  /** Stops accepting, lets exchanges in flight finish, and closes everything. @param timeout in milliseconds */
  close(timeout?: number): Promise<CloseReport>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes an HTTP service: its routes, and beside them `/healthz` (it serves), `/readyz` (it can do its work), `/metrics` for Prometheus and
 * `/openapi.json`. A route of one's own at one of these paths takes its place. Rejects with a TypeError or ConfigError that says what
 * is not valid.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const {
    routes,
    info = {},
    gateway: settings,
    accessLog,
    log,
    clock,
  } = knownOptions('createApp', options, OPTIONS)
  const named = namedRoutes(routes)
  const description = describeApp(info, named)
  const time = clock ?? systemClock
  const own: Record<string, Handle> = {
    'GET /healthz': () => text('ok\n'),
    'GET /readyz': async () => {
      const readiness = await readinessOf(options.dependencies ?? [], () => time.now())
      return json(readiness, { status: readiness.state === 'down' ? 503 : 200 })
    },
    'GET /metrics': () => text(gateway.metrics(), { headers: { 'content-type': METRICS } }),
    'GET /openapi.json': () => json(description),
  }
  const taken = new Set(named.map(({ path }) => path))
  const added = namedRoutes(own).filter(({ path }) => !taken.has(path))
  const gateway = await createGateway(
    { ...settings, routes: [...named, ...added].map(routeInput) },
    { ...(accessLog && { accessLog }), ...(log && { log }), ...(clock && { clock }) },
  )
  return new EmbeddedApp(gateway, description)
}

/** The text format of Prometheus. */
const METRICS = 'text/plain; version=0.0.4; charset=utf-8'

class EmbeddedApp implements App {
  readonly handler: Handler
  readonly description: App['description']
  private readonly gateway: EmbeddedGateway
  private inner: Client | undefined

  constructor(gateway: EmbeddedGateway, description: App['description']) {
    this.gateway = gateway
    this.handler = gateway.handler
    this.description = description
  }

  fetch(request: Request): Promise<Response> {
    this.inner ??= createClient({
      name: 'app',
      transport: this.handler,
      preset: 'fetch',
      retry: false,
      breaker: false,
      decompress: false,
      tracing: false,
    })
    return this.inner.fetch(request, { redirect: 'manual' })
  }

  listen(): Promise<readonly ListeningOn[]> {
    return this.gateway.listen()
  }

  async run(): Promise<CloseReport> {
    await this.listen()
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
    })
    return this.close()
  }

  async close(timeout?: number): Promise<CloseReport> {
    const report = await this.gateway.close(timeout)
    await this.inner?.close({ grace: 0 })
    return report
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
