import type { Arrivals } from './arrivals.ts'
import type { Ledger } from './ledger.ts'
import type { RawClient, Reply } from './raw-client.ts'

/** What a client may do with, and to, the gateway. */
export interface Lane {
  readonly port: number
  /** The URL of the admin listener. */
  readonly admin: string
  /** What has reached the origins. */
  readonly arrivals: Arrivals
  readonly ledger: Ledger
  /** A number in [0, 1). */
  random(): number
  /** Kept from one request to the next. */
  kept: RawClient | undefined
}

export type WeightedAct = readonly [weight: number, act: (lane: Lane) => Promise<void>]

export function pick<Item>(lane: Lane, items: readonly Item[]): Item {
  return items[Math.floor(lane.random() * items.length)] as Item // random() is below 1
}

/** A number, and the path that carries it. */
export function begin(lane: Lane, kind: string): { number: number; path: string } {
  const number = lane.ledger.begin()
  return { number, path: `/${kind}/${number}` }
}

/** Whose reply came, or did not. */
export function end({ ledger }: Lane, number: number, client: RawClient, reply: Reply): void {
  const { status } = reply
  if (status === 0 && client.isLate && !client.hung) return ledger.end(number, { kind: 'unheard' })
  if (client.hung) ledger.mistake(`exchange ${number}: the gateway said nothing for too long`)
  if (status === 0) ledger.mistake(`exchange ${number}: the gateway closed without a response`)
  ledger.end(number, { kind: reply.whole ? 'answered' : 'cut', status })
}
