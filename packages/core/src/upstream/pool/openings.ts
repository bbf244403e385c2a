import { TrafficError } from '../../message/errors.ts'
import type { Cancellable } from '../../message/exchange.ts'
import type { CancelScope } from '../connect/connect.ts'
import type { PooledConnection } from './pool-entry.ts'

/** Opens a connection for the pool; `scope` is cancelled when nobody wants it any more. Rejects with a TrafficError. */
export type Open = (scope: CancelScope) => Promise<PooledConnection>

/** Told what has become of each. */
interface OpeningsOwner {
  /** @param isOutdated it is for no exchange but those that wait for it */
  connectionOpened(connection: PooledConnection, isOutdated: boolean): void
  openingFailed(error: TrafficError): void
}

/** A connection being opened, which may be given up before it is there. */
export class Opening implements CancelScope {
  cancellation: TrafficError | undefined
  isOutdated = false
  private worker: Cancellable | undefined

  occupy(worker: Cancellable): void {
    this.worker = worker
  }

  release(worker: Cancellable): void {
    if (this.worker === worker) this.worker = undefined
  }

  cancel(error: TrafficError): void {
    this.cancellation ??= error
    this.worker?.cancelled(error)
  }
}

/** The connections that are being opened, and what is known from those that were. */
export class Openings {
  /** Exchanges that a connection takes at the same time, as far as is known: that of the last one that was opened. */
  capacity: number
  opened = 0
  openedHttp2 = 0
  failed = 0
  private readonly open: Open
  private readonly owner: OpeningsOwner
  private readonly begun = new Set<Opening>()

  constructor(open: Open, capacity: number, owner: OpeningsOwner) {
    this.open = open
    this.capacity = capacity
    this.owner = owner
  }

  get size(): number {
    return this.begun.size
  }

  /** Exchanges for which there is about to be a place. */
  get places(): number {
    return this.begun.size * this.capacity
  }

  begin(): void {
    const opening = new Opening()
    this.begun.add(opening)
    this.open(opening).then(
      (connection) => this.succeeded(opening, connection),
      (error: unknown) => this.failedWith(opening, TrafficError.from(error)),
    )
  }

  /** Those that have begun did so with what should not be used any more. */
  outdate(): void {
    for (const opening of this.begun) opening.isOutdated = true
  }

  cancel(error: TrafficError): void {
    for (const opening of this.begun) opening.cancel(error)
  }

  private succeeded(opening: Opening, connection: PooledConnection): void {
    this.begun.delete(opening)
    this.opened++
    if (connection.version === '2') this.openedHttp2++
    this.owner.connectionOpened(connection, opening.isOutdated)
  }

  private failedWith(opening: Opening, error: TrafficError): void {
    this.begun.delete(opening)
    if (opening.cancellation === undefined) this.failed++
    this.owner.openingFailed(error)
  }
}
