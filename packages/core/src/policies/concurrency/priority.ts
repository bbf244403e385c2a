/**
 * Who of those that wait is next. Each class is served in the order of arrival; between classes, each step down counts as
 * having come `ageing` milliseconds later. So a waiter of a low class overtakes one of the class above that came that much
 * later, and nobody waits for ever.
 */

/** The rank of one that waits: the lowest is next. */
function rank(since: number, priority: number, ageing: number): number {
  return since + priority * ageing
}

/**
 * The class whose first waiter is next; −1 if nobody waits.
 * @param firsts since when the first of each class waits, highest priority first; undefined for an empty class
 */
export function nextClass(firsts: readonly (number | undefined)[], ageing: number): number {
  let best = -1
  let lowest = Infinity
  for (let priority = 0; priority < firsts.length; priority++) {
    const since = firsts[priority]
    if (since === undefined) continue
    const value = rank(since, priority, ageing)
    if (value < lowest) {
      lowest = value
      best = priority
    }
  }
  return best
}

/**
 * The class whose last waiter must give way to a newcomer where the line is full; −1 if it is the newcomer that must go.
 * @param lasts since when the last of each class waits
 */
export function displacedClass(
  lasts: readonly (number | undefined)[],
  ageing: number,
  now: number,
  newcomer: number,
): number {
  let worst = -1
  let highest = rank(now, newcomer, ageing)
  for (let priority = 0; priority < lasts.length; priority++) {
    const since = lasts[priority]
    if (since === undefined) continue
    const value = rank(since, priority, ageing)
    if (value > highest) {
      highest = value
      worst = priority
    }
  }
  return worst
}
