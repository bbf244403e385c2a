import type { Call, ClientResponse } from '@headgate/client'
import type { Waiting, WaitingLine } from '@headgate/core'
import type { Entity } from '../port/entity.ts'
import type { BodyFeed } from './body-feed.ts'
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

/** A call of the client, and what came of it, which waits to be applied: one of response, error and head, or nothing yet. */
export class Flight {
  readonly client: PooledClient
  /** By the clock, for the duration. */
  readonly startedAt: number
  /** Undefined if it could not be made. */
  call: Call | undefined = undefined
  response: ReceivedResponse | undefined = undefined
  error: HttpError | undefined = undefined
  /** Of one that is streamed, and its content once a tick has seen it. */
  head: ClientResponse | undefined = undefined
  feed: BodyFeed | undefined = undefined

  constructor(client: PooledClient, startedAt: number) {
    this.client = client
    this.startedAt = startedAt
  }
}
