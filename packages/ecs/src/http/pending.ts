import type { ClientResponse } from '@headgate/client'
import type { Waiting, WaitingLine } from '@headgate/core'
import type { Entity } from '../port/entity.ts'
import type { BodyFeed } from './body-feed.ts'
import type { CallSignal } from './call-signal.ts'
import type { HttpError } from './components/http-error.ts'
import type { HttpRequest } from './components/http-request.ts'
import type { ReceivedResponse } from './components/http-response.ts'
import type { RetryPolicy } from './components/retry-policy.ts'
import type { Domain } from './domain.ts'
import type { PooledClient } from './pooled-client.ts'

/**
 * Where a request stands that has not ended: no tick has seen it · it waits for a slot · for its domain's rate limit · it has a token
 * and is started next · the client has it. Then it has ended, once.
 */
export type Phase = 'fresh' | 'waiting' | 'limited' | 'admitted' | 'in-flight' | 'ended'

/** The middle of `PRIORITIES`. */
export const NORMAL = 1

/** A request that has not ended, with all that is to be let go when it does. */
export class Pending implements Waiting {
  readonly id: number
  readonly entity: Entity
  readonly request: HttpRequest
  phase: Phase = 'fresh'
  /** The line that it stands in, with its place there. */
  line: WaitingLine<Pending> | undefined = undefined
  previous: this | undefined = undefined
  next: this | undefined = undefined
  since = 0
  priority: number = NORMAL
  /** Its place among the deadlines; −1 if it has none. */
  place = -1
  deadline: number = Infinity
  domain: Domain | undefined = undefined
  retryPolicy: RetryPolicy | undefined = undefined
  /** What is known while it is in flight. */
  flight: Flight | undefined = undefined

  constructor(id: number, entity: Entity, request: HttpRequest) {
    this.id = id
    this.entity = entity
    this.request = request
  }
}

/** A call of the client, and what came of it. */
export interface Flight {
  readonly client: PooledClient
  readonly signal: CallSignal
  /** By the clock, for the duration. */
  readonly startedAt: number
  /** The number by which the client's events speak of it; 0 until they do. */
  call: number
  /** What is to be applied: undefined while nothing has come. */
  outcome: Outcome | undefined
  /** The content of one that is streamed. */
  feed: BodyFeed | undefined
}

export type Outcome =
  | { readonly kind: 'response'; readonly response: ReceivedResponse }
  | { readonly kind: 'error'; readonly error: HttpError }
  | { readonly kind: 'head'; readonly response: ClientResponse }
