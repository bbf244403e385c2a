/** A moment of each of two stores; undefined where the one behind could not tell it. */
export interface Moments {
  readonly front: number
  readonly behind: number | undefined
}

/** As many different ones are remembered: more during one fetch, and what it brings is not stored. */
const MOST = 256

/** One number for the moments of two stores, each of which counts its own purges. */
export class MomentPairs {
  private readonly pairs: Moments[] = []
  private last = -1

  /** A number that stands for both. */
  numberOf(moments: Moments): number {
    const { front, behind } = this.pairs[this.last % MOST] ?? {}
    if (front !== moments.front || behind !== moments.behind) this.pairs[++this.last % MOST] = moments
    return this.last
  }

  /** Undefined for one that is too long ago. */
  of(number: number): Moments | undefined {
    return number > this.last - MOST && number <= this.last ? this.pairs[number % MOST] : undefined
  }
}
