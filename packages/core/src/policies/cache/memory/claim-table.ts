import type { Claim, ClaimEnd, ClaimState, FetchClaims, OtherClaim, OwnClaim } from '../claims.ts'
import { CLAIM, CLAIMS_OF_A_GROUP, HEADER } from './cache-memory.ts'
import type { Label, Labels } from './labels.ts'
import type { ShardLock } from './shard-lock.ts'
import { isCurrentTag, type ThreadTable } from './threads.ts'
import type { Views } from './views.ts'

/** What stands in the word of a claim; 0 is one that nobody had yet. */
const STATES: readonly ClaimState[] = ['gone', 'asked', 'arriving', 'stored', 'failed', 'unkept', 'unshared']

/** A claim that is older than this is void, in milliseconds: whoever has it has forgotten it. */
const LONGEST = 10 * 60_000
/** How long it is known that something has been stored: from a look-up that found nothing to the claim that follows it. */
const JUST_STORED = 1_000
/** Nobody waits for a change for longer, so that waits that were given up do not add up. */
const LONGEST_WAIT = 60_000

/** What is not there yet and what a claim is for, as one word each. */
interface Place {
  readonly at: number
  readonly label: Label
}

/**
 * Claims of threads, in groups of a few that a name's hash chooses: a claim says who has it, in which life, and since when. It is taken
 * under the lock of the shard that the name belongs to, and ended by its owner without. Its version changes whenever it
 * stands otherwise: that is what waiting threads wait for.
 */
export class ClaimTable implements FetchClaims {
  private readonly views: Views
  private readonly labels: Labels
  private readonly threads: ThreadTable
  private readonly lock: ShardLock

  constructor(views: Views, labels: Labels, threads: ThreadTable, lock: ShardLock) {
    this.views = views
    this.labels = labels
    this.threads = threads
    this.lock = lock
  }

  claim(name: string, now: number, memory: number, looked: boolean): Claim | undefined {
    const label = this.labels.of('key', name)
    const shard = this.labels.shardOf(label)
    const group = this.groupOf(shard, label)
    if (!this.lock.acquire(shard)) return { whose: 'nobody', end: 'gone' }
    try {
      let free: number | undefined
      for (let index = 0; index < CLAIMS_OF_A_GROUP; index++) {
        const at = group + index * CLAIM.words
        const known = this.known(at, now, memory)
        if (this.isOf(at, label)) {
          if (known === undefined) return this.take({ at, label }, now)
          if (known === 'asked' || known === 'arriving') return this.other({ at, label })
          if (known === 'unkept' || known === 'unshared') return { whose: 'nobody', end: known }
          return looked ? this.take({ at, label }, now) : { whose: 'nobody', end: 'stored' }
        }
        // What is only remembered gives way to who asks.
        if (known !== 'asked' && known !== 'arriving' && (free === undefined || known === undefined))
          free = at
      }
      return free === undefined ? undefined : this.take({ at: free, label }, now)
    } finally {
      this.lock.release(shard)
    }
  }

  private groupOf(shard: number, { low }: Label): number {
    const { layout, memory } = this.views
    const groups = memory.claims / memory.shards / CLAIMS_OF_A_GROUP
    return layout.claims(shard) + ((low >>> 8) & (groups - 1)) * CLAIMS_OF_A_GROUP * CLAIM.words
  }

  /** What a claim tells, as long as it tells anything. */
  private known(
    at: number,
    now: number,
    memory: number,
  ): 'asked' | 'arriving' | 'stored' | 'unkept' | 'unshared' | undefined {
    const { tables } = this.views
    const state = stateAt(this.views, at)
    if (state === 'gone' || state === 'failed') return undefined
    const age = now - timeAt(this.views, at, now)
    if (state === 'asked' || state === 'arriving')
      return this.threads.isCurrent(Atomics.load(tables, at + CLAIM.owner)) && age < LONGEST
        ? state
        : undefined
    // Where the clock was set back since, what is remembered of later is of no use.
    const since = Math.abs(age)
    if (state !== 'stored') return since < memory ? state : undefined
    // A purge may have removed it: to look for it again would be a wait for nothing.
    return since < JUST_STORED && Atomics.load(tables, at + CLAIM.purges) === purgesOf(this.views)
      ? state
      : undefined
  }

  private isOf(at: number, { low, high }: Label): boolean {
    const { tables } = this.views
    return Atomics.load(tables, at + CLAIM.low) === low && Atomics.load(tables, at + CLAIM.high) === high
  }

  private take({ at, label }: Place, now: number): OwnClaim {
    const { views, threads } = this
    const { tables } = views
    // Whoever dies in the middle leaves one that tells nothing.
    Atomics.store(tables, at + CLAIM.state, 0)
    Atomics.store(tables, at + CLAIM.low, label.low)
    Atomics.store(tables, at + CLAIM.high, label.high)
    Atomics.store(tables, at + CLAIM.owner, threads.tag)
    let version = change(views, at, 'asked', now)
    let ended = false
    const set = (state: ClaimState, moment: number): void => {
      // Another has it, where it took too long.
      if (ended || Atomics.load(tables, at + CLAIM.version) !== version) return
      version = change(views, at, state, moment)
    }
    return {
      whose: 'ours',
      arriving: (moment) => set('arriving', moment),
      end(how: ClaimEnd, moment) {
        set(how, moment)
        ended = true
      },
    }
  }

  private other({ at, label }: Place): OtherClaim {
    const { tables } = this.views
    let version = Atomics.load(tables, at + CLAIM.version)
    return {
      whose: 'other',
      look: (now) => {
        version = Atomics.load(tables, at + CLAIM.version)
        const state = stateAt(this.views, at)
        const since = timeAt(this.views, at, now)
        const same = this.isOf(at, label) && Atomics.load(tables, at + CLAIM.version) === version
        return { state: same ? state : 'gone', since }
      },
      async changed() {
        await Atomics.waitAsync(tables, at + CLAIM.version, version, LONGEST_WAIT).value
      },
    }
  }
}

/** Who waited for a thread that has ended goes on. */
export function releaseClaims(views: Views): void {
  const { tables, layout, memory } = views
  for (let index = 0; index < memory.claims; index++) {
    const at = layout.claims(0) + index * CLAIM.words
    const state = stateAt(views, at)
    if (
      (state === 'asked' || state === 'arriving') &&
      !isCurrentTag(views, Atomics.load(tables, at + CLAIM.owner))
    )
      change(views, at, 'gone', 0)
  }
}

/** @returns the version that it has now */
function change(views: Views, at: number, state: ClaimState, now: number): number {
  const { tables } = views
  Atomics.store(tables, at + CLAIM.since, now | 0)
  Atomics.store(tables, at + CLAIM.purges, purgesOf(views))
  Atomics.store(tables, at + CLAIM.state, STATES.indexOf(state))
  const version = (Atomics.add(tables, at + CLAIM.version, 1) + 1) | 0
  Atomics.notify(tables, at + CLAIM.version)
  return version
}

function purgesOf({ tables }: Views): number {
  return Atomics.load(tables, HEADER.purges)
}

function stateAt({ tables }: Views, at: number): ClaimState {
  return STATES[Atomics.load(tables, at + CLAIM.state)] ?? 'gone'
}

/** A time of which the table has the lower half: one of the last 24 days, or of the next, if the clock has jumped. */
function timeAt({ tables }: Views, at: number, now: number): number {
  return now - ((now - Atomics.load(tables, at + CLAIM.since)) | 0)
}
