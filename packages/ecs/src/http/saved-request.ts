import type { Priority } from './components/priority.ts'

/** What a saved request lacks, since it cannot be written down, or must not: it is to be added when it is restored. */
export type Missing = 'body' | 'schema' | 'retry' | 'call' | 'secrets'

/** A request that had not ended, as JSON. */
export interface SavedRequest {
  /** The entity that it was of. */
  readonly entity: number
  readonly url: string
  readonly method: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly query?: readonly (readonly [name: string, value: string])[]
  readonly body?: { readonly text: string } | { readonly base64: string }
  readonly json?: unknown
  readonly client?: string
  readonly stream?: true
  readonly cache?: string
  readonly throwOnStatus?: boolean
  readonly priority?: Priority
  readonly retry?: unknown
  /** Milliseconds that it had left. */
  readonly timeout?: number
  /** Whether the client had it: of one that is not idempotent, nobody knows whether the origin has acted on it. */
  readonly sent: boolean
  readonly missing: readonly Missing[]
  /** The names of header fields that were left out, since they hold secrets. */
  readonly secretFields?: readonly string[]
}

/** All requests of a world that had not ended. */
export interface SavedRequests {
  readonly version: 1
  readonly requests: readonly SavedRequest[]
}
