import {
  changedWeights,
  type CompiledSplits,
  type SplitWeights,
  switchedTo,
} from '../features/split/split-weights.ts'

/** How a route of an embedded gateway splits its traffic. */
export interface EmbeddedSplit {
  /** By upstream: those that count. */
  readonly weights: Readonly<Record<string, number>>
  /**
   * Changes weights at once; upstreams that are not named keep theirs.
   * @throws TypeError if an upstream is not known, a weight is no whole number from 0 to 10000, or all would be 0
   */
  change(weights: Readonly<Record<string, number>>): void
  /**
   * Sends all traffic to one upstream, at once.
   * @throws TypeError if it is not one of the split
   */
  switchTo(upstream: string): void
  /** Gives it the weights of the configuration again. */
  reset(): void
}

/** @throws TypeError if there is no such route, or it has no split */
export function embeddedSplit(splits: CompiledSplits, route: string): EmbeddedSplit {
  const weights = splits.get(route)?.weights
  if (weights === undefined) throw new TypeError(`there is no route ${JSON.stringify(route)} with a split`)
  return {
    get weights() {
      return weights.byName
    },
    change: (wanted) => apply(route, weights, changedWeights(weights, wanted)),
    switchTo: (upstream) => apply(route, weights, switchedTo(weights, upstream)),
    reset: () => weights.change(weights.configured),
  }
}

function apply(route: string, weights: SplitWeights, next: readonly number[] | string): void {
  if (typeof next === 'string') throw new TypeError(`split of route ${route}: ${next}`)
  weights.change(next)
}
