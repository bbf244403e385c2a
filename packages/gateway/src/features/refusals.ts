import type { Clock, Exchange } from '@headgate/core'
import { identityOf } from './identity.ts'

/** Somebody was not let in, or not let do something: for the record of operators. Holds nothing that opens a door. */
export interface Refusal {
  /** What has refused it. */
  readonly by: 'authentication' | 'authorization' | 'consumers' | 'csrf'
  readonly route: string
  /** Its address, through trusted proxies. */
  readonly client: string
  /** Of the request, by which the access log names it; empty where requests have none. */
  readonly request: string
  /** Who asks, where that was proven. */
  readonly subject?: string | undefined
  /** The authenticator whose credentials were wrong, the rule that denied, or the consumer that may not. */
  readonly name?: string | undefined
  readonly reason: string
  /** How many further refusals of this thread came before it, and were too many to be told. */
  readonly untold: number
}

/** So many are told in a second, and twice as many at once: a flood of wrong keys must fill no disk. The metrics count all. */
const EACH_SECOND = 10
const AT_ONCE = 20

/** Tells operators of refusals, as many as they can read. */
export class Refusals {
  private readonly clock: Clock
  private readonly tell: (refusal: Refusal) => void
  private left = AT_ONCE
  private since: number
  private untold = 0

  constructor(clock: Clock, tell: (refusal: Refusal) => void) {
    this.clock = clock
    this.tell = tell
    this.since = clock.now()
  }

  report(exchange: Exchange, { by, name, reason }: Pick<Refusal, 'by' | 'name' | 'reason'>): void {
    const now = this.clock.now()
    this.left = Math.min(AT_ONCE, this.left + ((now - this.since) * EACH_SECOND) / 1000)
    this.since = now
    if (this.left < 1) {
      this.untold++
      return
    }
    this.left--
    const { untold } = this
    this.untold = 0
    const { route, clientAddress: client, id: request } = exchange
    const subject = identityOf.of(exchange)?.subject
    this.tell({ by, route, client, request, subject, name, reason, untold })
  }
}
