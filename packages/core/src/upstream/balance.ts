/** Chooses among the endpoints of an upstream. */
export interface Balancer<T> {
  /**
   * The one to ask next; undefined if there is none.
   * @param avoid not this one, if there is another
   */
  pick(avoid?: T): T | undefined
}

export interface Weighted<T> {
  readonly item: T
  /** A whole number from 0; an item of weight 0 is not picked. */
  readonly weight: number
}

interface Share<T> {
  readonly item: T
  readonly weight: number
  credit: number
}

/**
 * Smooth weighted round robin, as nginx does it: in as many picks as the weights add up to, each item is picked
 * exactly as often as its weight says, and never in a bunch (5:1:1 gives a a b a c a a).
 */
export class WeightedRoundRobin<T> implements Balancer<T> {
  private readonly shares: Share<T>[]
  private readonly single: T | undefined

  /** @throws TypeError if a weight is not a whole number from 0 */
  constructor(items: readonly Weighted<T>[]) {
    for (const { weight } of items) {
      if (!Number.isSafeInteger(weight) || weight < 0) {
        throw new TypeError(`${weight} is not a weight: it must be a whole number, 0 or more`)
      }
    }
    this.shares = items.filter(({ weight }) => weight > 0).map((each) => ({ ...each, credit: 0 }))
    this.single = this.shares.length === 1 ? this.shares[0]?.item : undefined
  }

  pick(avoid?: T): T | undefined {
    if (this.single !== undefined) return this.single
    let best: Share<T> | undefined
    let total = 0
    for (const share of this.shares) {
      // One that is avoided neither gains nor pays: its share of the picks to come stays what it was.
      if (share.item === avoid && avoid !== undefined) continue
      share.credit += share.weight
      total += share.weight
      if (best === undefined || share.credit > best.credit) best = share
    }
    if (best === undefined) return undefined
    best.credit -= total
    return best.item
  }
}
