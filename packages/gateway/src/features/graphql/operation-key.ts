import { createHash } from 'node:crypto'
import type { Exchange } from '@headgate/core'
import type { GraphqlOperation } from './operation.ts'
import { viewOf } from './request-view.ts'

/** By what rate limits tell operations apart. */
export const OPERATION_KEYS = ['graphql-type', 'graphql-operation', 'graphql-root-fields'] as const
export type OperationKey = (typeof OPERATION_KEYS)[number]

/** A limit keeps its keys: none may be as long as a document. */
const LONGEST = 128

/** That of a request, as a function that is made once; of a batch, that of all its operations. */
export function operationKey(kind: OperationKey): (exchange: Exchange) => string {
  const valueOf = VALUES[kind]
  return (exchange) => {
    const operations = viewOf(exchange)?.operations ?? []
    const key = operations.map(valueOf).join(' ')
    // A copy: what is cut out of a text keeps all of that text, and a limit keeps its keys. Names are ASCII.
    return key.length > LONGEST
      ? createHash('sha256').update(key).digest('base64')
      : Buffer.from(key, 'latin1').toString('latin1')
  }
}

const VALUES: Readonly<Record<OperationKey, (operation: GraphqlOperation) => string>> = {
  'graphql-type': ({ type }) => type,
  'graphql-operation': ({ name }) => name ?? '',
  // Their order is the client's choice.
  'graphql-root-fields': ({ rootFields }) => [...rootFields].sort().join(','),
}

/** How many fields it asks for; one, if it has no operation that is known. */
export function fieldCount(exchange: Exchange): number {
  const { operations = [] } = viewOf(exchange) ?? {}
  return Math.max(
    1,
    operations.reduce((sum, { fields }) => sum + fields, 0),
  )
}

/** How many requests a request counts as: those of a batch would otherwise cost one. */
export function operationCount(exchange: Exchange): number {
  return Math.max(1, viewOf(exchange)?.operations.length ?? 1)
}
