import type { SplitWeights } from './split-weights.ts'

/** As the configuration bounds them. */
export const MOST_WEIGHT = 10_000

/** What a switch gives the one upstream that gets everything. */
const ALL = 100

/** New weights for a split, in the order of its upstreams, or what is wrong with them. Upstreams that are not named keep theirs. */
export function changedWeights(weights: SplitWeights, wanted: unknown): readonly number[] | string {
  const { names, present } = weights
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
    return `weights must be given by upstream, as {"${names[0]}": 50}; the split has ${names.join(', ')}`
  }
  const next = [...present]
  const entries = Object.entries(wanted)
  if (entries.length === 0) return `no weight is given; the split has ${names.join(', ')}`
  for (const [name, weight] of entries) {
    const index = names.indexOf(name)
    if (index === -1) return unknown(name, names)
    if (typeof weight !== 'number' || !Number.isInteger(weight) || weight < 0 || weight > MOST_WEIGHT) {
      const shown = JSON.stringify(weight) ?? 'nothing'
      return `the weight of ${name} must be a whole number from 0 to ${MOST_WEIGHT}, and ${shown} is none`
    }
    next[index] = weight
  }
  if (next.every((weight) => weight === 0)) return 'every weight would be 0, so no request could go anywhere'
  return next
}

/** Weights that send everything to one upstream, or what is wrong with its name. */
export function switchedTo(weights: SplitWeights, to: unknown): readonly number[] | string {
  const { names } = weights
  if (typeof to !== 'string') return `"to" must name one of the upstreams: ${names.join(', ')}`
  if (!names.includes(to)) return unknown(to, names)
  return names.map((name) => (name === to ? ALL : 0))
}

function unknown(name: string, names: readonly string[]): string {
  return `${JSON.stringify(name)} is no upstream of the split, which has ${names.join(', ')}`
}
