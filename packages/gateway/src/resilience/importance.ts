import type { Policy } from '@headgate/core'
import { IMPORTANCES, type Importance } from '../config/types/resilience-config.ts'

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
