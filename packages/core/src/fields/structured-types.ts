/** A value without parameters (RFC 9651 3.3). Integers and decimals are apart, since they are written differently. */
export type BareItem =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'decimal'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'token'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Seconds since 1970-01-01 UTC. */
  | { readonly type: 'date'; readonly value: number }
  /** Unicode text, for people. */
  | { readonly type: 'display'; readonly value: string }

/** In the order in which they came; a name that is repeated has its last value (RFC 9651 3.1.2). */
export type Parameters = ReadonlyMap<string, BareItem>

export interface Item {
  readonly bare: BareItem
  readonly parameters: Parameters
}

export interface InnerList {
  readonly items: readonly Item[]
  readonly parameters: Parameters
}

export type Member = Item | InnerList
export type List = readonly Member[]
export type Dictionary = ReadonlyMap<string, Member>
