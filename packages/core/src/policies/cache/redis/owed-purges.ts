import type { Selection } from '../store.ts'
import { labelOf, valueOf } from './names.ts'

interface Purge {
  readonly selection: Selection
  readonly how: 'hard' | 'soft'
  readonly now: number
}

/** More of them become one, of everything. */
const MOST = 1000

/**
 * Purges that did not reach the store while it was away. They are made up for before anything is read from it again, so that what
 * they were for does not come back with it.
 */
export class OwedPurges {
  private readonly purges = new Map<string, Purge>()
  private readonly deliver: (purge: Purge) => Promise<unknown>
  private settling: Promise<void> | undefined

  constructor(deliver: (purge: Purge) => Promise<unknown>) {
    this.deliver = deliver
  }

  add(selection: Selection, how: 'hard' | 'soft', now: number): void {
    if (this.purges.size >= MOST) {
      this.purges.clear()
      this.purges.set('', { selection: { by: 'all' }, how: 'hard', now })
    }
    this.purges.set(`${how} ${labelOf(selection)} ${valueOf(selection)}`, { selection, how, now })
  }

  /** Rejects where the store is still away. @returns undefined where nothing is owed, as nearly always */
  settle(): Promise<void> | undefined {
    if (this.purges.size === 0) return undefined
    this.settling ??= this.deliverAll().finally(() => {
      this.settling = undefined
    })
    return this.settling
  }

  private async deliverAll(): Promise<void> {
    for (const [name, purge] of this.purges) {
      await this.deliver(purge)
      // Another one of that name may have come meanwhile.
      if (this.purges.get(name) === purge) this.purges.delete(name)
    }
  }
}
