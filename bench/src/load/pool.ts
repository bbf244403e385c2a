import { Connection, type ConnectionEvents } from './connection.ts'
import type { Target } from './job.ts'
import type { Requests } from './requests.ts'
import type { Tally } from './tally.ts'

/** Wait before a lost connection is opened again: a dead proxy must not become a busy loop. */
const reconnectDelay = 20

/** What the user of a pool does with its connections. */
export interface PoolUser {
  /** The connection is up and has no request in flight. */
  idle: (connection: Connection) => void
  /** The connection is gone, and a new one is on its way. */
  lost?: (connection: Connection) => void
}

/** A fixed number of connections to the target: one that is lost is counted as a failure and replaced. */
export class ConnectionPool {
  readonly #target: Target
  readonly #requests: Requests
  readonly #tally: Tally
  readonly #user: PoolUser
  readonly #open = new Set<Connection>()
  #opened = 0
  #closed = false

  constructor(target: Target, requests: Requests, tally: Tally, user: PoolUser) {
    this.#target = target
    this.#requests = requests
    this.#tally = tally
    this.#user = user
  }

  /** Connections that are up or on their way. */
  get size(): number {
    return this.#open.size
  }

  /** Opens one more connection. */
  open(): void {
    if (this.#closed) return
    const user = this.#user
    const events: ConnectionEvents = {
      ready: () => user.idle(connection),
      response: () => {
        this.#tally.complete(this.#requests.bytes)
        user.idle(connection)
      },
      lost: (why) => {
        this.#open.delete(connection)
        if (this.#closed) return
        this.#tally.fail(why)
        user.lost?.(connection)
        setTimeout(() => this.open(), reconnectDelay)
      },
    }
    const connection = new Connection(this.#target, this.#requests, this.#opened++, events)
    this.#open.add(connection)
  }

  /** Closes all connections. */
  close(): void {
    this.#closed = true
    for (const connection of this.#open) connection.close()
    this.#open.clear()
  }
}
