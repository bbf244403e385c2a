import type { Socket } from 'node:net'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import type { ResolvedAddress } from './dns.ts'

/** How long an attempt has before the next address is tried beside it, in milliseconds (RFC 8305 section 5). */
const ATTEMPT_DELAY = 250

/** One address that could not be connected to. */
export interface FailedAddress {
  readonly address: string
  readonly error: Error
}

/** How a race ends: exactly one of the two is called, unless it is stopped. */
export interface RaceResult {
  won(socket: Socket): void
  lost(failures: readonly FailedAddress[]): void
}

/**
 * Connects to the first address that answers (RFC 8305 section 5): attempts start one after the other, a new one
 * when the last failed or has not finished within `ATTEMPT_DELAY`, and go on beside each other. node:net's own
 * `autoSelectFamily` ends an attempt when it starts the next, so a peer that is merely far away is never reached.
 */
export class ConnectionRace {
  private readonly addresses: readonly ResolvedAddress[]
  private readonly dial: (address: ResolvedAddress) => Socket
  private readonly result: RaceResult
  private readonly timer: Timer | undefined
  private readonly running = new Set<Socket>()
  private readonly failures: FailedAddress[] = []
  private started = 0
  private over = false

  /** @param dial begins to connect; the race waits for the socket's `connect` or `error` */
  constructor(
    addresses: readonly ResolvedAddress[],
    clock: Clock,
    dial: (address: ResolvedAddress) => Socket,
    result: RaceResult,
  ) {
    this.addresses = interleave(addresses)
    this.dial = dial
    this.result = result
    this.timer = addresses.length > 1 ? clock.timer(() => this.next()) : undefined
  }

  /** Begins the next attempt; the first call starts the race. */
  next(): void {
    const address = this.addresses[this.started]
    if (address === undefined || this.over) return
    this.started++
    const socket = this.dial(address)
    this.running.add(socket)
    socket.once('connect', () => this.connected(socket))
    socket.once('error', (error) => this.failed(socket, address, error))
    if (this.started < this.addresses.length) this.timer?.arm(ATTEMPT_DELAY)
  }

  /** Ends every attempt; nobody is told. */
  stop(): void {
    this.over = true
    this.timer?.disarm()
    for (const socket of this.running) socket.destroy()
    this.running.clear()
  }

  private connected(socket: Socket): void {
    if (this.over) return
    this.running.delete(socket)
    this.stop()
    this.result.won(socket)
  }

  private failed(socket: Socket, { address }: ResolvedAddress, error: Error): void {
    if (!this.running.delete(socket) || this.over) return
    this.failures.push({ address, error })
    if (this.started < this.addresses.length) this.next()
    else if (this.running.size === 0) {
      this.stop()
      this.result.lost(this.failures)
    }
  }
}

/** The families by turns, beginning with the one that the resolver put first (RFC 8305 section 4). */
export function interleave(addresses: readonly ResolvedAddress[]): ResolvedAddress[] {
  const preferred = addresses.filter(({ family }) => family === addresses[0]?.family)
  const other = addresses.filter(({ family }) => family !== addresses[0]?.family)
  const turns: ResolvedAddress[] = []
  for (let index = 0; index < Math.max(preferred.length, other.length); index++) {
    turns.push(...preferred.slice(index, index + 1), ...other.slice(index, index + 1))
  }
  return turns
}
