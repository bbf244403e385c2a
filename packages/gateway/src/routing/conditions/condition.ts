import type { Exchange } from '@headgate/core'

/** What is known of a request when its route is sought: an exchange whose client is known already. */
export type Subject = Pick<Exchange, 'request' | 'clientAddress' | 'clientScheme'>

/** Something that must be true of a request beyond host, path and method. */
export interface Condition {
  /** In words, as `header x-canary is "true"`: two with the same words are the same. */
  readonly text: string
  /** How many single conditions it stands for: of two routes with the same pattern, the one with more is more specific. */
  readonly weight: number
  holds(subject: Subject): boolean
}

/** Whether all hold; none at all do. */
export function allHold(conditions: readonly Condition[] | undefined, subject: Subject): boolean {
  if (conditions === undefined) return true
  for (let index = 0; index < conditions.length; index++) {
    if (conditions[index]?.holds(subject) === false) return false
  }
  return true
}

export function weightOf(conditions: readonly Condition[] | undefined): number {
  return conditions?.reduce((sum, { weight }) => sum + weight, 0) ?? 0
}
