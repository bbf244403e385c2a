import { TrafficError } from './errors.ts'
import { type Cancellable, Exchange, type Outcome } from './exchange.ts'
import type { HttpRequest } from './request.ts'
import { WireFacts } from './wire-facts.ts'

/** How much of an exchange its copy shares. */
export interface CopyOptions {
  /**
   * Whether the copy goes its own way: it begins now, has no deadline, span or class, and nothing was tried for it. Default false: it
   * is sent in place of its parent, within the parent's time.
   */
  readonly apart?: boolean
}

/**
 * An exchange made out of another, to be sent and given up on its own. What was found out about the parent so far (client, route, id,
 * facts) goes with it, what belongs to its end (workers, finishers) does not. The one place where exchanges are copied.
 */
export function copyExchange(
  parent: Exchange,
  request: HttpRequest,
  { apart = false }: CopyOptions = {},
): Exchange {
  const child = new Exchange(request, parent.clock, parent.peer, apart ? undefined : parent.startedAt)
  child.clientAddress = parent.clientAddress
  child.clientScheme = parent.clientScheme
  child.id = parent.id
  child.route = parent.route
  child.params = parent.params
  if (parent.facts !== undefined) child.facts = new Map(parent.facts)
  child.preserveHost = parent.preserveHost
  if (apart) return child
  child.deadline = parent.deadline
  child.timeLimit = parent.timeLimit
  child.times = parent.times
  child.priority = parent.priority
  child.attempts = parent.attempts
  child.freshConnection = parent.freshConnection
  child.endpoint = parent.endpoint
  child.upstreamVersion = parent.upstreamVersion
  child.tried = parent.tried
  child.span = parent.span
  if (parent.wire !== undefined) child.wire = new WireFacts()
  return child
}

/**
 * One of several exchanges that are sent for the same parent. Cancelling the parent cancels it; cancelling it leaves the
 * parent alone. It ends in one of two ways: adopted, it ends with the parent; dropped, it is cancelled now.
 */
export class Fork implements Cancellable {
  readonly exchange: Exchange
  private readonly parent: Exchange

  /** @param request the fork's own, since policies change requests */
  constructor(parent: Exchange, request: HttpRequest) {
    this.parent = parent
    this.exchange = copyExchange(parent, request)
    parent.occupy(this)
  }

  cancelled(error: TrafficError): void {
    this.exchange.cancel(error)
  }

  /** Its response is the parent's: what the logs say of the parent is what was true of it, and it ends when the parent does. */
  adopt(): void {
    const { parent, exchange } = this
    parent.endpoint = exchange.endpoint
    parent.upstreamVersion = exchange.upstreamVersion
    parent.choices = exchange.choices
    parent.wire = exchange.wire
    parent.onFinish((_parent, outcome) => exchange.finish(outcome))
  }

  /** It is not needed: all that works on it stops, and its finishers are told. */
  drop(reason: string): void {
    const error = new TrafficError('cancelled', reason)
    this.parent.release(this)
    this.exchange.cancel(error)
    this.exchange.finish(abandoned(error))
  }
}

function abandoned(error: TrafficError): Outcome {
  return { status: undefined, error, bytesSent: 0, bytesReceived: 0 }
}
