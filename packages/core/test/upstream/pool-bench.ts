import assert from 'node:assert/strict'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Pool } from '../../src/upstream/pool/pool.ts'
import { POOL_DEFAULTS, type PoolOptions } from '../../src/upstream/pool/pool-options.ts'
import type { ConnectionOwner } from '../../src/message/connections.ts'
import type { CancelScope } from '../../src/upstream/connect/connect.ts'
import type { PooledConnection } from '../../src/upstream/pool/pool-entry.ts'

/** A connection to nowhere, whose fate the test decides. */
export class PlainConnection implements PooledConnection {
  owner: ConnectionOwner<PooledConnection> | undefined
  closed = false
  readonly id: number
  capacity: number

  constructor(id: number, capacity = 1) {
    this.id = id
    this.capacity = capacity
  }

  send(): Promise<HttpResponse> {
    return Promise.resolve(new HttpResponse(204))
  }

  /** One of its exchanges is finished. */
  release(): void {
    this.owner?.released(this)
  }

  destroy(): void {
    if (this.closed) return
    this.closed = true
    this.owner?.closed(this)
  }
}

interface Opening {
  succeed(): PlainConnection
  fail(): void
}

/** Connections that the test opens by hand. */
export class Openings {
  readonly begun: Opening[] = []
  private made = 0

  /** @param capacity exchanges that each takes at the same time */
  open(scope: CancelScope, capacity: number = 1): Promise<PlainConnection> {
    return new Promise((resolve, reject) => {
      const opening: Opening = {
        succeed: () => {
          this.forget(opening)
          const connection = new PlainConnection(this.made++, capacity)
          resolve(connection)
          return connection
        },
        fail: () => {
          this.forget(opening)
          reject(new TrafficError('connect_failed', 'refused', { phase: 'connect', replaySafe: 'unsent' }))
        },
      }
      this.begun.push(opening)
      scope.occupy({
        cancelled: (error) => {
          this.forget(opening)
          reject(error)
        },
      })
    })
  }

  private forget(opening: Opening): void {
    this.begun.splice(this.begun.indexOf(opening), 1)
  }
}

/** A pool on a workbench: the test opens its connections by hand, and moves its time. */
export class PoolBench {
  readonly clock = new VirtualClock()
  readonly pool: Pool
  private readonly opener = new Openings()
  readonly openings: readonly Opening[] = this.opener.begun

  /** @param capacity exchanges that each connection takes at the same time */
  constructor(options: Partial<PoolOptions> = {}, capacity = 1) {
    const open = (scope: CancelScope): Promise<PlainConnection> => this.opener.open(scope, capacity)
    this.pool = new Pool('origin:80', this.clock, open, { ...POOL_DEFAULTS, ...options })
  }

  exchange(): Exchange {
    return new Exchange(HttpRequest.to('http://origin/'), this.clock)
  }

  /** Opens the connection that was asked for first. */
  async open(): Promise<PlainConnection> {
    const [opening] = this.openings
    assert.ok(opening, 'no connection is being opened')
    const connection = opening.succeed()
    await this.clock.advance(0)
    return connection
  }

  async failToOpen(): Promise<void> {
    const [opening] = this.openings
    assert.ok(opening, 'no connection is being opened')
    opening.fail()
    await this.clock.advance(0)
  }

  /** A connection in use, opened for the purpose. */
  async inUse(): Promise<PlainConnection> {
    const acquired = this.pool.acquire(this.exchange())
    await this.open()
    return (await acquired) as PlainConnection // the bench opens no other kind
  }

  /** What `acquire` gave: a connection at once, or a promise whose outcome can be looked at. */
  acquire(exchange: Exchange = this.exchange()): Acquired {
    return new Acquired(exchange, this.pool.acquire(exchange))
  }
}

export class Acquired {
  readonly exchange: Exchange
  readonly atOnce: boolean
  connection: PlainConnection | undefined
  error: TrafficError | undefined

  constructor(exchange: Exchange, acquired: PooledConnection | Promise<PooledConnection>) {
    this.exchange = exchange
    this.atOnce = !(acquired instanceof Promise)
    if (acquired instanceof Promise) {
      acquired.then(
        (connection) => (this.connection = connection as PlainConnection), // the bench opens no other kind
        (error: TrafficError) => (this.error = error),
      )
    } else this.connection = acquired as PlainConnection
  }

  get settled(): boolean {
    return this.connection !== undefined || this.error !== undefined
  }
}
