import type { TrafficError } from '../../message/errors.ts'
import type { Cancellable, Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { CacheContext, ClaimWaiting, Lookup } from './cache-context.ts'
import type { ClaimEnd, OtherClaim, OwnClaim } from './claims.ts'

/** How long a thread waits for the head that another one has asked for, in milliseconds. */
const MOST_WAIT = 30_000
/** And then for the content to be stored: what is large or slow each thread fetches by itself, as it could not be passed on while it arrives. */
const MOST_ARRIVING = 500

/** How often what is known to be stored is looked up, and the milliseconds in between. */
const MOST_LOOKS = 3
const PAUSE = 10

/**
 * Whose turn it is, among the threads that share the store, to ask for what nobody in this thread has under way.
 * @returns the claim, undefined where none is needed, or how the claim of another has ended
 */
export function takeTurn(
  context: CacheContext,
  { exchange, entries, waited }: Lookup,
  name: string,
): OwnClaim | undefined | Promise<ClaimEnd> {
  const { claims } = context.store
  if (claims === undefined || waited?.apart === true || context.fetches.has(name)) return undefined
  const waiting = context.waits.get(name)
  if (waiting !== undefined) return waiting.join(exchange)
  const looked = waited !== undefined && (entries.length > 0 || waited.times > MOST_LOOKS)
  const claim = context.claim(name, exchange.clock.wallTime(), looked)
  if (claim === undefined || claim.whose === 'ours') return claim
  if (claim.whose === 'nobody') {
    // It has waited, and finds nothing where something is stored: another thread is held up in the midst of its own look-up.
    const isHeldUp = claim.end === 'gone' || (claim.end === 'stored' && waited !== undefined)
    return isHeldUp ? afterPause(exchange, claim.end) : Promise.resolve(claim.end)
  }
  const wait = new ClaimWait(claim, exchange.clock, () => context.waits.delete(name))
  context.waits.set(name, wait)
  const ended = wait.join(exchange)
  // After it can be found and has been joined: what has ended since it was claimed ends the wait at once.
  void wait.watch()
  return ended
}

/** All in this thread who wait for what another has asked for: the other is watched once for them. */
class ClaimWait implements ClaimWaiting {
  private readonly claim: OtherClaim
  private readonly clock: Clock
  private readonly over: () => void
  private readonly waiters = new Set<Waiter>()
  private timesUp: (() => void) | undefined

  constructor(claim: OtherClaim, clock: Clock, over: () => void) {
    this.claim = claim
    this.clock = clock
    this.over = over
  }

  /** Ends with the exchange's own end, too. */
  join(exchange: Exchange): Promise<ClaimEnd> {
    return new Promise((resolve, reject) => {
      this.waiters.add(new Waiter(exchange, this.waiters, resolve, reject))
    })
  }

  /** To be called once. Looks until the other one has ended, or has taken too long. */
  async watch(): Promise<void> {
    const { claim, clock } = this
    const timer = clock.timer(() => this.timesUp?.())
    let seen: ReturnType<OtherClaim['look']> | undefined
    let until = 0
    for (;;) {
      const now = clock.wallTime()
      const { state, since } = claim.look(now)
      if (state !== 'asked' && state !== 'arriving') return this.settle(state)
      if (state !== seen?.state || since !== seen.since) {
        const most = state === 'asked' ? MOST_WAIT : MOST_ARRIVING
        // Once for each change, and by a clock that nobody sets: one that is put back makes nobody wait for longer.
        until = clock.now() + Math.min(most, since + most - now)
        seen = { state, since }
      }
      const left = until - clock.now()
      if (left <= 0) return this.settle('unkept')
      // oxlint-disable-next-line no-await-in-loop -- one change after the other
      await new Promise<void>((resolve) => {
        this.timesUp = resolve
        timer.arm(left)
        claim.changed().then(() => resolve(), resolve)
      })
      timer.disarm()
    }
  }

  private settle(end: ClaimEnd): void {
    this.over()
    for (const waiter of this.waiters) waiter.goOn(end)
    this.waiters.clear()
  }
}

function afterPause(exchange: Exchange, end: ClaimEnd): Promise<ClaimEnd> {
  return new Promise((resolve, reject) => {
    const waiters = new Set<Waiter>()
    const timer = exchange.clock.timer(() => {
      for (const waiter of waiters) waiter.goOn(end)
    })
    waiters.add(new Waiter(exchange, waiters, resolve, reject))
    timer.arm(PAUSE)
  })
}

class Waiter implements Cancellable {
  private readonly exchange: Exchange
  private readonly all: Set<Waiter>
  private readonly resolve: (end: ClaimEnd) => void
  private readonly reject: (error: TrafficError) => void

  constructor(
    exchange: Exchange,
    all: Set<Waiter>,
    resolve: (end: ClaimEnd) => void,
    reject: (error: TrafficError) => void,
  ) {
    this.exchange = exchange
    this.all = all
    this.resolve = resolve
    this.reject = reject
    exchange.occupy(this)
  }

  cancelled(error: TrafficError): void {
    this.all.delete(this)
    this.reject(error)
  }

  goOn(end: ClaimEnd): void {
    this.exchange.release(this)
    this.resolve(end)
  }
}
