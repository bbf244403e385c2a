import type { Scheme } from '@headgate/core'
import type { GraphqlMatchConfig } from './graphql-config.ts'
import type { GeoMatchConfig } from './geo-config.ts'

/** What a request must be like; all that is there must be true. Checked: see `MatchInput`. */
export interface MatchConfig {
  /** Exact hosts and `*.suffix` patterns; absent: every host. */
  readonly host?: readonly string[] | undefined
  /** Path patterns; `/**` by default. */
  readonly path: readonly string[]
  /** Absent: every method. */
  readonly methods?: readonly string[] | undefined
  /** See `Regex`. */
  readonly pathRegex?: string | undefined
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, ValueMatchConfig>> | undefined
  readonly query?: Readonly<Record<string, ValueMatchConfig>> | undefined
  readonly cookies?: Readonly<Record<string, ValueMatchConfig>> | undefined
  /** How the client connected, seen through trusted proxies. */
  readonly scheme?: Scheme | undefined
  /** IP addresses and CIDR ranges. */
  readonly client?: readonly string[] | undefined
  readonly geo?: GeoMatchConfig | undefined
  /** `type/subtype` or `type/*`, lower case. */
  readonly contentType?: readonly string[] | undefined
  readonly accept?: readonly string[] | undefined
  readonly graphql?: GraphqlMatchConfig | undefined
  readonly all?: readonly MatchConfig[] | undefined
  /** At least one. */
  readonly any?: readonly MatchConfig[] | undefined
  readonly not?: MatchConfig | undefined
}

/** What a value must be like; the name alone, a few texts, or a regular expression for the whole value. */
export type ValueMatchConfig =
  | { readonly exists: boolean }
  | { readonly equals: readonly string[] }
  | { readonly regex: string }
