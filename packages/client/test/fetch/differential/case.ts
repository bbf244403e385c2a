import type { Fields } from './raw-origin.ts'

export type BodyKind =
  | 'string'
  | 'empty'
  | 'bytes'
  | 'buffer'
  | 'view'
  | 'blob'
  | 'params'
  | 'form'
  | 'number'
  | 'stream'
  | 'iterable'

/** What is sent, before each side makes it anew: a body is used up by whoever sends it. */
export interface GivenBody {
  readonly kind: BodyKind
  readonly text: string
}

export type AbortAt = 'before' | 'head' | 'body'
export type Reading =
  | 'text'
  | 'json'
  | 'arrayBuffer'
  | 'bytes'
  | 'blob'
  | 'formData'
  | 'stream'
  | 'clone'
  | 'cancel'
  | 'nothing'

/** How a response leaves the origin. */
export interface Script {
  readonly status: number
  readonly reason: string
  readonly fields: Fields
  readonly content: Buffer
  readonly framing: 'length' | 'chunked' | 'close' | 'none'
  /** Interim responses before it. */
  readonly interim: readonly number[]
  /** Where the connection ends too early, or nothing more comes. */
  readonly cut: undefined | 'before' | 'head' | 'content' | 'reset' | 'stall-head' | 'stall-content'
  /** Whether it leaves in several writes. */
  readonly pieces: boolean
}

export interface GivenRequest {
  readonly as: 'string' | 'URL' | 'Request' | 'Request and init'
  readonly target: string
  readonly method: string
  readonly fields: Fields
  readonly fieldsAs: 'object' | 'pairs' | 'Headers'
  readonly body: GivenBody | undefined
  readonly redirect: 'follow' | 'manual' | 'error' | undefined
  /** More members of init. */
  readonly more: Readonly<Record<string, unknown>>
  readonly abort: AbortAt | undefined
  readonly reason: 'none' | 'error' | 'string'
}

export interface Case {
  readonly seed: number
  readonly request: GivenRequest
  /** One for each request in a row; the last for all further ones. */
  readonly scripts: readonly Script[]
  readonly reading: Reading
}
