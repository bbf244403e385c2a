import { type ClientOptions, createClient } from '@headgate/client'
import { knownOptions, type OptionNames } from '@headgate/core'
import { resource, type Resource } from '../../port/resource.ts'

/** How much one tick does at most; the rest is for the next ones. */
export interface TickBudget {
  /** Responses and failures that are applied. Default 1,000. */
  readonly responses: number
  /** Requests that are taken up, and that are started. Default 1,000. */
  readonly requests: number
  /** Bytes of streamed content that are delivered. Default 1 MiB. */
  readonly bytes: number
  /** Milliseconds for all of it; each system does one thing at least. Default 4. */
  readonly time: number
}

/** What may be said of the requests of a world, at the start and at any time. */
export interface HttpSettings {
  /**
   * Options of the client, on top of those of the preset `untrusted`: guard against addresses that are not public, sizes, redirects. What is
   * told at run time is merged with what was, as by `extend` of the client.
   */
  readonly client: ClientOptions
  /** Further clients by name, each with its options on top of `client`. */
  readonly clients: Readonly<Record<string, ClientOptions>>
  /** Requests under way at the same time; further ones wait. Default 256. */
  readonly maxInFlight: number
  /** For requests without a `RequestTimeout`, in milliseconds. Default: none, the client has its own deadline for each call. */
  readonly timeout: number | undefined
  readonly budget: TickBudget
  /** Bytes of streamed content that are read ahead of the ticks, for each response. Default 256 KiB. */
  readonly bodyBuffer: number
}

/** Parts of them, for a start or a change. */
export type HttpSettingsInput = Partial<Omit<HttpSettings, 'budget'>> & {
  readonly budget?: Partial<TickBudget> | undefined
}

const NAMES: OptionNames<HttpSettings> = {
  client: true,
  clients: true,
  maxInFlight: true,
  timeout: true,
  budget: true,
  bodyBuffer: true,
}
const BUDGET_NAMES: OptionNames<TickBudget> = { responses: true, requests: true, bytes: true, time: true }

const DEFAULTS: HttpSettings = {
  client: {},
  clients: {},
  maxInFlight: 256,
  timeout: undefined,
  budget: { responses: 1_000, requests: 1_000, bytes: 1024 * 1024, time: 4 },
  bodyBuffer: 256 * 1024,
}

/** The settings as they are now. */
export class WorldSettings implements HttpSettings {
  client: ClientOptions = DEFAULTS.client
  clients: Readonly<Record<string, ClientOptions>> = DEFAULTS.clients
  maxInFlight: number = DEFAULTS.maxInFlight
  timeout: number | undefined = DEFAULTS.timeout
  budget: TickBudget = DEFAULTS.budget
  bodyBuffer: number = DEFAULTS.bodyBuffer
  /** What is to be told to the clients that there are; `manage-clients` takes it. */
  changes: ClientChanges[] = []

  /** @throws TypeError that names what is not known or not valid */
  constructor(given: HttpSettingsInput) {
    this.set(given)
    this.changes = []
  }

  /** Changes settings for all requests that are started from the next tick on. @throws TypeError that names what is not known or not valid */
  update(given: HttpSettingsInput): void {
    this.set(given)
  }

  private set(given: HttpSettingsInput): void {
    const { client, clients, ...rest } = knownOptions(
      'HttpConfig',
      given,
      NAMES as OptionNames<HttpSettingsInput>,
    )
    const budget = { ...this.budget, ...defined(knownOptions('budget', rest.budget ?? {}, BUDGET_NAMES)) }
    const numbers = { maxInFlight: this.maxInFlight, bodyBuffer: this.bodyBuffer, ...defined(rest) }
    atLeast('maxInFlight', numbers.maxInFlight, 1)
    atLeast('bodyBuffer', numbers.bodyBuffer, 1)
    if (rest.timeout !== undefined) atLeast('timeout', rest.timeout, 0)
    for (const name of ['responses', 'requests', 'bytes', 'time'] as const)
      atLeast(`budget.${name}`, budget[name], name === 'time' ? 0 : 1)
    for (const options of [client, ...Object.values(clients ?? {})])
      if (options !== undefined) tryOut(options)
    this.maxInFlight = numbers.maxInFlight
    this.bodyBuffer = numbers.bodyBuffer
    this.budget = budget
    if (Object.hasOwn(given, 'timeout')) this.timeout = rest.timeout
    if (client === undefined && clients === undefined) return
    this.client = { ...this.client, ...client }
    this.clients = { ...this.clients, ...clients }
    this.changes.push({ client: client ?? {}, clients: clients ?? {} })
  }
}

/** Options that clients get on top of what they have. */
export type ClientChanges = Pick<HttpSettings, 'client' | 'clients'>

/** Nothing is sent, and nothing connected to. */
function tryOut(options: ClientOptions): void {
  void createClient({ ...options, lint: false }).close({ grace: 0 })
}

function atLeast(name: string, value: number, least: number): void {
  if (!(value >= least))
    throw new TypeError(`option HttpConfig.${name} is ${value}; allowed: a number from ${least}`)
}

function defined<Options extends object>(options: Options): Partial<Options> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<Options>
}

/** What the resource `HttpConfig` is. */
export type HttpConfig = WorldSettings

export const HttpConfig: Resource<HttpConfig> = resource<HttpConfig>('HttpConfig')
