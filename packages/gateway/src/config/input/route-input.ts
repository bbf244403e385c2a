import type { ApiVersionsInput, LifecycleInput } from './api-version-input.ts'
import type { GraphqlInput } from './graphql-input.ts'
import type { MinimumByteRateInput, RouteLimitsInput, RouteTimeoutsInput } from './limits-input.ts'
import type { MatchInput } from './match-input.ts'
import type { RoutePathsInput } from './path-input.ts'
import type { Duration, Off, Zero } from './quantities.ts'
import type { RouteRateLimitInput } from './rate-limit-input.ts'
import type { ConcurrencyInput, FallbackInput, HedgeInput } from './resilience-input.ts'
import type {
  HeaderChangesInput,
  MirrorInput,
  RedirectInput,
  RespondInput,
  RewriteInput,
  SplitInput,
} from './traffic-input.ts'

export interface RouteInput {
  /** Its name in logs, metrics and the admin endpoints. Left out: route-1, route-2 and so on, by position. */
  name?: string | undefined
  /** Groups whose settings it has: of two that say the same, the later one counts, and the route before both. */
  use?: string | string[] | undefined
  /** Settings that it takes neither from groups nor from defaults. */
  without?: keyof SharedSettingsInput | (keyof SharedSettingsInput)[] | undefined
  /** Which requests take this route; an empty one matches all. */
  match?: MatchInput | undefined
  /** Routes with a higher one are looked at first, however specific the others are. Default: 0. */
  priority?: number | undefined
  /** The versions of an API that this route serves, each with an upstream of its own or where the route leads. */
  apiVersions?: ApiVersionsInput | undefined
  /** When this route ends, and what comes after it. */
  lifecycle?: LifecycleInput | undefined
  /** Where requests go: the name of an upstream, or the URL of a single endpoint. */
  upstream?: string | undefined
  /** Where requests go, in place of upstream: several upstreams by weight. */
  split?: SplitInput | undefined
  /** A redirect as the answer, in place of upstream. */
  redirect?: RedirectInput | undefined
  /** A fixed answer, in place of upstream. */
  respond?: RespondInput | undefined
  /** A second upstream that gets copies of requests. */
  mirror?: MirrorInput | undefined
  /** Changes to the target of the request on its way to the upstream. */
  rewrite?: RewriteInput | undefined
  /** Changes to the fields of the request on its way to the upstream. */
  requestHeaders?: HeaderChangesInput | undefined
  /** Changes to the fields of every answer on this route, errors too. */
  responseHeaders?: HeaderChangesInput | undefined
  /** What its paths may hold, instead of paths of the whole gateway. */
  paths?: RoutePathsInput | undefined
  /** Send the client's Host to the upstream; false: the endpoint's own. Default: true. */
  preserveHost?: boolean | undefined
  /** Longest duration of a whole exchange on this route; off: none. Left out: timeouts.exchange. */
  timeout?: Duration | Off | undefined
  /** Trying again what failed; false: never. */
  retry?: false | 'off' | RetryInput | undefined
  /** Sending what is idempotent a second time where the first response is late; the first one wins. */
  hedge?: HedgeInput | undefined
  /** Besides timeout; in place of the times of the same name of the whole gateway. */
  timeouts?: RouteTimeoutsInput | undefined
  /** In place of that of the whole gateway; off: none. */
  minimumByteRate?: false | 'off' | MinimumByteRateInput | undefined
  /** How many exchanges of this route may be under way. */
  concurrency?: ConcurrencyInput | undefined
  /**
   * What gives way first where there is not enough for all: the line of a concurrency limit, and load shedding.
   * Default: normal.
   */
  importance?: 'high' | 'normal' | 'low' | undefined
  /** What is taken of GraphQL. Left out: anything, but the defaults where match.graphql asks for operations. */
  graphql?: GraphqlInput | undefined
  /** What answers where the upstream fails: one of respond and upstream. */
  fallback?: FallbackInput | undefined
  /** How many requests may take this route: one limit or several, of its own or by name. */
  rateLimit?: string | RouteRateLimitInput | (string | RouteRateLimitInput)[] | undefined
  /** Instead of the limits of the whole gateway. */
  limits?: RouteLimitsInput | undefined
}

export interface RetryInput {
  /** Total tries, the first included; only what is safe to repeat is tried again. Default: 3. */
  attempts?: number | undefined
  /** Waits between tries. */
  backoff?: BackoffInput | undefined
  /**
   * Statuses of the upstream after which it is tried again, where that is safe: some of 408, 425, 429, 500, 502, 503
   * and 504.
   */
  statuses?: number[] | undefined
}

export interface BackoffInput {
  /** Wait before the second try; it doubles with each further one, spread at random. Default: 25ms. */
  base?: Duration | Zero | undefined
  /** Longest wait between two tries. Default: 1s. */
  max?: Duration | Zero | undefined
  /**
   * How a wait is spread at random: anywhere below it, in its upper half, or up to three times the one before.
   * Default: full.
   */
  jitter?: 'full' | 'equal' | 'decorrelated' | undefined
}

/** Settings that several routes share. */
export interface SharedSettingsInput
  extends Omit<RouteInput, 'name' | 'use' | 'without' | 'priority' | 'preserveHost' | 'importance'> {
  /** Routes with a higher one are looked at first, however specific the others are. */
  priority?: number | undefined
  /** Send the client's Host to the upstream; false: the endpoint's own. */
  preserveHost?: boolean | undefined
  /** What gives way first where there is not enough for all: the line of a concurrency limit, and load shedding. */
  importance?: 'high' | 'normal' | 'low' | undefined
}
