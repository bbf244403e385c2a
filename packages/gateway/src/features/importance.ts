import { isWarming } from './cache/warming/mark.ts'
import { type ExchangeRow } from './layer.ts'

import type { Policy } from '@headgate/core'

/** The highest first: its position is the priority of an exchange. */
export const IMPORTANCES = ['high', 'normal', 'low'] as const

export type Importance = (typeof IMPORTANCES)[number]

/** Gives each exchange of a route its priority; undefined for the usual one. */
function importance(value: Importance): Policy | undefined {
  if (value === 'normal') return undefined
  const priority = IMPORTANCES.indexOf(value)
  return (next) =>
    function importance(exchange) {
      if (!isWarming(exchange)) exchange.priority = priority
      return next(exchange)
    }
}

export const importanceLayer: ExchangeRow<{ readonly route: { readonly importance: Importance } }> = {
  name: 'importance',
  once: 'exchange',
  about: 'gives the exchange its priority, where it is not the usual one',
  build: ({ route }) => importance(route.importance),
  tells: ({ route }) => route.importance,
}
