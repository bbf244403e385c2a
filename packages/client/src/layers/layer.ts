import type {
  Circuits,
  CookieJar,
  Handler,
  Layer,
  LocalRateLimitStore,
  Policy,
  PolicyPlace,
  RetryBudget,
  Tracer,
} from '@headgate/core'
import type { ClientCache } from '../cache/client-cache.ts'
import type { Hedges } from '../hedges.ts'
import type { CallObserver } from '../observe-call.ts'
import type { OriginLimiters } from '../origin-limiters.ts'
import type { Settings } from '../settings.ts'

/** What the policies of a client share with those of its extensions and single calls. */
export interface StackContext {
  readonly transport: Handler
  readonly budget: RetryBudget
  readonly circuits: Circuits | undefined
  readonly rates: LocalRateLimitStore | undefined
  readonly limiters: OriginLimiters | undefined
  readonly pacing: Policy | undefined
  readonly hedges: Hedges
  readonly jar: CookieJar | undefined
  readonly cache: ClientCache | undefined
  /** Whether the client answers no more calls. */
  readonly isClosed: () => boolean
  readonly policies: readonly Policy[]
  /** Where credentials may be sent that do not say so themselves. */
  readonly origins: readonly string[] | undefined
  /** The client's fields that no other origin may see. */
  readonly boundFields: ReadonlySet<string>
  readonly observer: CallObserver
  readonly tracer: Tracer | undefined
}

/** What explanations see. */
export interface ShownClient {
  readonly settings: Settings
  readonly origins: StackContext['origins']
}

/** One policy of a client's stack, and what it does in this client: `explain` tells it. */
export type ClientLayer = Layer<Settings, StackContext, ShownClient>

/** Where `policies` stand. */
export type ClientPlace = PolicyPlace<'policies'>
