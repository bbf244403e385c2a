import { didYouMean } from '../values/parsed.ts'

/** What is longer is no misspelt word, and would take long to compare. */
const LONGEST_WORD = 100
/** Words that a misspelt one is compared with: of very many, each takes time, and again for each mistake. */
const MOST_COMPARED = 2_000

/** The candidate that a misspelt word probably means; none when all are too far away. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST_WORD) return undefined
  let best: string | undefined
  // A third of the letters may be wrong; beyond that, a suggestion confuses more than it helps.
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  const plain = simplify(word)
  let compared = 0
  for (const candidate of candidates) {
    if (++compared > MOST_COMPARED) break
    const distance = plain === simplify(candidate) ? 0 : editDistance(word, candidate, least)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** A question for the candidate that a misspelt word probably means. */
export function meant(word: string, candidates: Iterable<string>): string | undefined {
  const best = suggest(word, candidates)
  return best === undefined ? undefined : didYouMean(best)
}

/** The candidates, with those first that the word may mean; the others keep their order. */
export function nearestFirst(word: string, candidates: readonly string[]): string[] {
  if (word.length > LONGEST_WORD || candidates.length > MOST_COMPARED) return [...candidates]
  const limit = Math.floor(word.length / 2) + 1
  const distances = new Map(candidates.map((each) => [each, distanceOf(word, each, limit)]))
  return [...candidates].sort((one, other) => (distances.get(one) ?? limit) - (distances.get(other) ?? limit))
}

/** As a list in a sentence; of very many, the first ones. */
export function someOf(words: readonly string[]): string {
  const shown = words.slice(0, MOST_WORDS).join(', ')
  return words.length > MOST_WORDS ? `${shown} and ${words.length - MOST_WORDS} more` : shown
}

const MOST_WORDS = 30

function distanceOf(word: string, candidate: string, limit: number): number {
  if (simplify(word) === simplify(candidate)) return 0
  return Math.min(editDistance(word.toLowerCase(), candidate.toLowerCase(), limit), limit)
}

/** max_connections, max-connections and MaxConnections are one word. */
function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, '')
}

/** Optimal string alignment: insertions, deletions, replacements, swaps of neighbours. */
export function editDistance(one: string, other: string, limit: number = Number.POSITIVE_INFINITY): number {
  if (Math.abs(one.length - other.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      let cost = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
      )
      const swapped =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1)
      current.push(cost)
    }
    ;[beforeLast, last] = [last, current]
  }
  return at(last, other.length)
}

function at(row: number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
