import type { Policy } from '@headgate/core'

/** The highest first: its position is the priority of an exchange. */
export const IMPORTANCES = ['high', 'normal', 'low'] as const
export type Importance = (typeof IMPORTANCES)[number]

/** Gives each exchange of a route its priority; undefined for the usual one. */
export function importance(value: Importance): Policy | undefined {
  if (value === 'normal') return undefined
  const priority = IMPORTANCES.indexOf(value)
  return (next) =>
    function importance(exchange) {
      exchange.priority = priority
      return next(exchange)
    }
}
