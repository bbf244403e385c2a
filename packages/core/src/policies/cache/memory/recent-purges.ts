import { HEADER, PURGES } from './cache-memory.ts'
import type { Label } from './labels.ts'
import type { Views } from './views.ts'

const SEQUENCE = 0
const MEANT = 1
const LOW = 2
const HIGH = 3

/** What a purge is for: one label, or what only a look at each response tells (all of them, a prefix). */
const ONE_LABEL = 1
const ANYTHING = 2
const SOFT = 4

/**
 * The last purges, in a ring. A response that was asked for before a purge, and comes to be stored after it, may be what the
 * purge was meant to remove: its writer looks here, under the lock, at what was purged since it began. A purge is entered
 * here before it goes through the shards, so that none slips through between.
 */
export class RecentPurges {
  private readonly views: Views

  constructor(views: Views) {
    this.views = views
  }

  /** For a writer that begins: what it gives to `since` at the end. */
  get now(): number {
    return Atomics.load(this.views.tables, HEADER.purges)
  }

  enter(how: 'hard' | 'soft', label: Label | undefined): void {
    const { tables, layout } = this.views
    const sequence = (Atomics.add(tables, HEADER.purges, 1) + 1) | 0
    const word = layout.purge(sequence)
    // Whoever reads in the middle, or after a thread has ended in the middle, finds another sequence, and is careful.
    Atomics.store(tables, word + SEQUENCE, sequence - 1)
    Atomics.store(tables, word + LOW, label?.low ?? 0)
    Atomics.store(tables, word + HIGH, label?.high ?? 0)
    const kind = label === undefined ? ANYTHING : ONE_LABEL
    Atomics.store(tables, word + MEANT, kind | (how === 'soft' ? SOFT : 0))
    Atomics.store(tables, word + SEQUENCE, sequence)
  }

  /** What a response with these labels, begun at `begin`, has become meanwhile. A doubt counts as a hard purge. */
  since(begin: number, labels: readonly Label[]): 'hard' | 'soft' | undefined {
    const { tables, layout } = this.views
    const behind = (this.now - begin) | 0
    if (behind === 0) return undefined
    if (behind < 0 || behind >= PURGES) return 'hard'
    let found: 'soft' | undefined
    for (let step = 1; step <= behind; step++) {
      const sequence = (begin + step) | 0
      const word = layout.purge(sequence)
      const meant = Atomics.load(tables, word + MEANT)
      const low = Atomics.load(tables, word + LOW)
      const high = Atomics.load(tables, word + HIGH)
      if (Atomics.load(tables, word + SEQUENCE) !== sequence) return 'hard'
      const concerns =
        (meant & ANYTHING) !== 0 || labels.some((label) => label.low === low && label.high === high)
      if (!concerns) continue
      if ((meant & SOFT) === 0) return 'hard'
      found = 'soft'
    }
    return found
  }
}
