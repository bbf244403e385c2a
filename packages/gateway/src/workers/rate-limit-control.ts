import type { RateLimitStores } from '../rate-limit/stores.ts'
import type { LimitFill, LimitUsage } from '../rate-limit/usage.ts'
import type { WorkerSlot } from './slot.ts'
import { survey, type Surveyed } from './survey.ts'

/** Of a limit that workers share there is one account; of any other, each worker has its own. */
export type Accounts<Account> =
  | { readonly store: 'shared'; readonly account: Account }
  | { readonly store: 'local'; readonly accounts: readonly Surveyed<Account>[] }

/** Looks at rate limits, and gives full shares again. */
export class RateLimitControl {
  private readonly slots: readonly WorkerSlot[]
  private readonly stores: () => RateLimitStores

  /** @param stores those of this thread, which share what is shared */
  constructor(slots: readonly WorkerSlot[], stores: () => RateLimitStores) {
    this.slots = slots
    this.stores = stores
  }

  /** How full the store of each limit is, by their ids. */
  async fills(): Promise<Map<string, Accounts<LimitFill>>> {
    const stores = this.stores()
    const answers = await survey<ReadonlyMap<string, LimitFill>>(this.slots, { type: 'rate-limits' })
    const accounts = new Map<string, Accounts<LimitFill>>()
    for (const [id, account] of stores.fills('shared')) accounts.set(id, { store: 'shared', account })
    for (const [id] of stores.fills('local')) {
      const own = answers.flatMap(({ worker, answer }) => {
        const fill = answer.get(id)
        return fill === undefined ? [] : [{ worker, answer: fill }]
      })
      accounts.set(id, { store: 'local', accounts: own })
    }
    return accounts
  }

  /**
   * What a key has left.
   * @throws TypeError if there is no such limit
   */
  async usage(limit: string, key: string): Promise<Accounts<LimitUsage>> {
    const stores = this.stores()
    if (stores.isShared(limit)) return { store: 'shared', account: stores.usage(limit, key) }
    const accounts = await survey<LimitUsage>(this.slots, { type: 'rate-limit-usage', limit, key })
    return { store: 'local', accounts }
  }

  /**
   * Gives full shares of a limit again, to one key or to all, in all workers.
   * @throws TypeError if there is no such limit
   */
  async reset(limit: string, key?: string): Promise<void> {
    this.stores().reset(limit, key)
    await survey(this.slots, { type: 'reset-rate-limit', limit, key })
  }
}
