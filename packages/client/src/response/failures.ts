import type { TrafficError } from '@headgate/core'
import { jsonReader } from './content.ts'

/** How a response tells whoever reads it what went wrong: the methods and `fetch` have different customs. */
export interface Failures {
  /** The body broke while it was read. */
  readonly body: (error: TrafficError) => unknown
  /** Reads JSON. @throws whatever stands for content that is not JSON */
  readonly json: (text: string, url: string) => unknown
  /** What the caller's signal was aborted with: then nothing can be read any more. */
  readonly signal: AbortSignal | undefined
  /**
   * Whether the response is the platform's in all: the headers of content that was decoded still tell its coding and the length before, and
   * `json()` passes over arguments of which it knows nothing.
   */
  readonly asPlatform: boolean
}

/** For `get` and its like: everything is a TrafficError. */
export const TRAFFIC_FAILURES: Failures = {
  body: (error) => error,
  json: jsonReader((text) => JSON.parse(text)),
  signal: undefined,
  asPlatform: false,
}
