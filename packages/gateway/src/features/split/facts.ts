import type { Exchange } from '@headgate/core'
import type { SplitConfig } from './setting.ts'
import { SplitChoice, stickyKey } from './split.ts'
import { SplitWeights } from './split-weights.ts'

export interface SplitFacts {
  readonly targets: readonly { readonly upstream: string; readonly weight: number; readonly share: number }[]
  /** Where this request would go; undefined if chance decides. */
  readonly chosen: string | undefined
}

/**
 * @param exchange as it comes to the split
 * @param live weights in place of those of the configuration, by upstream
 */
export function splitFacts(
  { upstreams, sticky }: SplitConfig,
  exchange: Exchange,
  live: Readonly<Record<string, number>> | undefined,
): SplitFacts {
  const weights = new SplitWeights(upstreams)
  if (live !== undefined) weights.change(weights.names.map((name) => live[name] ?? 0))
  const { present, names } = weights
  const total = present.reduce((sum, weight) => sum + weight, 0)
  const targets = names.map((upstream, index) => {
    const weight = present[index] ?? 0
    return { upstream, weight, share: weight / total }
  })
  const key = sticky && stickyKey(sticky)(exchange)
  const choice = new SplitChoice(weights)
  const alone = targets.filter(({ share }) => share === 1)
  const chosen = key === undefined ? alone[0]?.upstream : names[choice.byKey(key)]
  return { targets, chosen }
}
