/** The largest weight of an endpoint: so that shares stay exact, and fit into the state that threads share. */
export const MAX_WEIGHT = 1000

/** @throws TypeError if it is not a whole number from 0 to 1000 */
export function checkedWeight(weight: number): number {
  if (Number.isInteger(weight) && weight >= 0 && weight <= MAX_WEIGHT) return weight
  throw new TypeError(`${weight} is not a weight: it must be a whole number from 0 to ${MAX_WEIGHT}`)
}
