/** The candidate that a misspelt word probably means; none when all are too far away. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  // A third of the letters may be wrong; beyond that, a suggestion confuses more than it helps.
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  const plain = simplify(word)
  for (const candidate of candidates) {
    const distance = plain === simplify(candidate) ? 0 : editDistance(word, candidate, least)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
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
