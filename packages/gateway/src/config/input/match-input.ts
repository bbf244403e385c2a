import type { GeoMatchInput } from './geo-input.ts'
import type { GraphqlMatchInput } from './graphql-input.ts'

/** What a request must be like. */
export interface MatchInput {
  /** Hosts: exact, or *.suffix for every name below it. Left out: every host. */
  host?: string | string[] | undefined
  /** Paths: exact (/a/b), a prefix (/a/**) or with parameters (/users/:id). Default: /**. */
  path?: string | string[] | undefined
  /** Methods, in upper case. Left out: every method. */
  methods?: string | string[] | undefined
  /** A regular expression that the whole path must match, beside a pattern of path. */
  pathRegex?: string | undefined
  /** Header fields by name. */
  headers?: Record<string, ValueMatchInput> | undefined
  /** Parameters of the query by name; of several with the same name, one must match. */
  query?: Record<string, ValueMatchInput> | undefined
  /** Cookies by name. */
  cookies?: Record<string, ValueMatchInput> | undefined
  /** How the client connected, to the gateway or to a trusted proxy. Left out: either. */
  scheme?: 'http' | 'https' | undefined
  /** IP addresses and CIDR ranges that the client is in, seen through trusted proxies. */
  client?: string | string[] | undefined
  /** Where the client is, by the databases of geo. */
  geo?: GeoMatchInput | undefined
  /** Media types of the request's content: type/subtype, or type/* for all of a kind. */
  contentType?: string | string[] | undefined
  /** Media types of which Accept names one; its wildcards name none. */
  accept?: string | string[] | undefined
  /** The operation of a GraphQL request. */
  graphql?: GraphqlMatchInput | undefined
  /** Further matches that must all match. */
  all?: MatchInput[] | undefined
  /** Further matches of which one must match. */
  any?: MatchInput[] | undefined
  /** A match that must not match. */
  not?: MatchInput | undefined
}

/** A text or some that the value may equal, or one of the settings below. */
export type ValueMatchInput = string | string[] | ValueMatchSettingsInput

export interface ValueMatchSettingsInput {
  /** Whether it must be there or must not, whatever its value. */
  exists?: boolean | undefined
  /** A regular expression that the whole value must match. */
  regex?: string | undefined
}
