import { isSelected } from './selected.ts'
import type { CacheKey, Selection, StoredHead } from './store.ts'

interface Purge {
  readonly selection: Selection
  readonly how: 'hard' | 'soft'
  readonly now: number
}

/** What purges look at. */
type PurgedHead = Pick<StoredHead, 'url' | 'route' | 'tags' | 'groups' | 'staleSince'>

/** How many are remembered: more during one fetch, and what it brings is not stored. */
const MOST = 256

/** The purges of late, for responses that were asked for before them and come after. */
export class RecentPurges {
  /** How many there have been. */
  count = 0
  private readonly purges: Purge[] = []

  add(selection: Selection, how: 'hard' | 'soft', now: number): void {
    this.purges[this.count++ % MOST] = { selection, how, now }
  }

  /** The head as the purges since then leave it; undefined where nothing is left, or too many were since to tell. */
  since<Head extends PurgedHead>(moment: number, key: CacheKey, head: Head): Head | undefined {
    if (moment === this.count) return head
    if (this.count - moment > MOST) return undefined
    let current = head
    for (let index = moment; index < this.count; index++) {
      const purge = this.purges[index % MOST]
      if (purge === undefined || !isSelected(purge.selection, key, head)) continue
      if (purge.how === 'hard') return undefined
      current = staleSince(current, purge.now)
    }
    return current
  }
}

/** A head that is stale from now on, if it was not before. */
export function staleSince<Head extends Pick<StoredHead, 'staleSince'>>(head: Head, now: number): Head {
  return { ...head, staleSince: head.staleSince ?? now }
}
