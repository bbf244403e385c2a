import type { Clock, RedisCommands, RedisReply } from '@headgate/core'
import type { CallOutcome, StoreFigures } from './figures.ts'
import type { RedisConnection } from './redis-client.ts'

/** Opens a connection; `lost` is told if it is lost after that. */
export type OpenConnection = (timeout: number, lost: (reason: Error) => void) => Promise<RedisConnection>

export interface RedisLinkOptions {
  /** Of the store, for errors. */
  readonly name: string
  /** Milliseconds that a call may take. */
  readonly timeout: number
  readonly clock: Clock
  readonly open: OpenConnection
  readonly figures: StoreFigures
}

/** How a link is doing. */
export type LinkState = 'unused' | 'connecting' | 'connected' | 'away' | 'closed'

/** Milliseconds to connect in, and to be let in. */
const CONNECT = 1_000
/** So many calls in a row that are not answered in time end a connection: its server is frozen, or too slow to be of use. */
const MOST_LATE = 3
/** Calls that may wait for their answers at a time. */
const MOST_WAITING = 10_000
/** The pause before a connection is tried again: twice as long each time, in milliseconds, and by chance up to half of it less. */
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 5_000
/** A connection that lasted so long was a good one: the pause begins anew. */
const STEADY = 10_000

/**
 * A connection to Redis that is made when it is first needed, and again, after a pause, when it is lost. Each call ends within its
 * time, whatever the server does; while there is no connection, calls fail at once, so that nobody waits for what is away.
 */
export class RedisLink implements RedisCommands {
  /** Told when it is away, and why, and when it is there again. */
  onChange: ((state: 'connected' | 'away', reason: string) => void) | undefined
  private readonly options: RedisLinkOptions
  private connection: RedisConnection | undefined
  private opening: Promise<void> | undefined
  private current: LinkState = 'unused'
  private why = ''
  private waiting = 0
  private late = 0
  private failures = 0
  private connectedAt = 0

  constructor(options: RedisLinkOptions) {
    this.options = options
  }

  get state(): LinkState {
    return this.current
  }

  /** Why it is away; empty where it is not. */
  get reason(): string {
    return this.current === 'away' ? this.why : ''
  }

  /** Connects, if it has not been needed yet. */
  connect(): void {
    if (this.current === 'unused') this.open()
  }

  async send(args: readonly (string | Buffer)[], wait: number = 0): Promise<RedisReply> {
    this.connect()
    const { clock, timeout, figures } = this.options
    const began = clock.now()
    if (this.current === 'connecting') await this.within(this.opening ?? Promise.resolve(), timeout)
    const { connection } = this
    if (connection === undefined || this.waiting >= MOST_WAITING) throw this.failed('away', this.why)
    this.waiting++
    try {
      const reply = await this.within(connection.send(args), timeout + wait)
      if (reply !== LATE) {
        this.late = 0
        this.answered('answered', began)
        return reply
      }
    } catch (error) {
      const { message } = error instanceof Error ? error : new Error(String(error))
      if (this.connection !== connection) throw this.failed('lost', message)
      this.late = 0
      // That it has lost a script is an answer: it is sent again.
      this.answered(message.startsWith('NOSCRIPT') ? 'answered' : 'refused', began)
      throw error
    } finally {
      this.waiting--
    }
    figures.calls.late.add(1)
    const reason = `no answer within ${timeout + wait} ms`
    if (++this.late >= MOST_LATE || wait > 0) this.lost(connection, reason)
    throw this.error(reason)
  }

  close(): void {
    this.current = 'closed'
    this.why = 'it is not used any more'
    this.drop()
  }

  private open(): void {
    if (this.current !== 'away') this.current = 'connecting'
    const lost = (reason: Error): void => this.lost(this.connection, reason.message)
    this.opening = this.options.open(CONNECT, lost).then(
      (connection) => this.opened(connection),
      (error: unknown) => this.goAway(error instanceof Error ? error.message : String(error)),
    )
  }

  private opened(connection: RedisConnection): void {
    if (this.current === 'closed') return connection.close()
    const wasAway = this.current === 'away'
    this.connection = connection
    this.current = 'connected'
    this.late = 0
    this.connectedAt = this.options.clock.now()
    this.options.figures.connections.set(1)
    if (wasAway) this.onChange?.('connected', '')
  }

  private lost(connection: RedisConnection | undefined, reason: string): void {
    if (connection === undefined || this.connection !== connection) return
    this.drop()
    if (this.options.clock.now() - this.connectedAt >= STEADY) this.failures = 0
    this.goAway(reason)
  }

  private drop(): void {
    const { connection } = this
    this.connection = undefined
    this.options.figures.connections.set(0)
    connection?.close()
  }

  private goAway(reason: string): void {
    if (this.current === 'closed') return
    const isNews = this.current !== 'away'
    this.current = 'away'
    this.why = reason
    const { clock } = this.options
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.failures++)
    // Not all at once when a server is back that many had lost.
    clock.timer(() => this.again()).arm(pause * (0.5 + clock.random() / 2))
    if (isNews) this.onChange?.('away', reason)
  }

  private again(): void {
    if (this.current === 'away') this.open()
  }

  private answered(outcome: CallOutcome, began: number): void {
    const { clock, figures } = this.options
    figures.calls[outcome].add(1)
    figures.duration.record((clock.now() - began) / 1000)
  }

  private failed(outcome: CallOutcome, reason: string): Error {
    this.options.figures.calls[outcome].add(1)
    return this.error(reason)
  }

  private error(reason: string): Error {
    return new Error(`the store ${this.options.name} is away${reason === '' ? '' : `: ${reason}`}`)
  }

  /** Its value, or `LATE` where that is not there within so many milliseconds. */
  private within<Value>(promise: Promise<Value>, time: number): Promise<Value | typeof LATE> {
    return new Promise((resolve, reject) => {
      const timer = this.options.clock.timer(() => resolve(LATE))
      timer.arm(time)
      promise.then(
        (value) => {
          timer.disarm()
          resolve(value)
        },
        (error: unknown) => {
          timer.disarm()
          reject(error)
        },
      )
    })
  }
}

const LATE = Symbol('late')
