import type { HttpRequest } from '@headgate/core'
import type { GraphqlConfig } from './setting.ts'
import { type GraphqlOperation, LARGEST_COUNT, type RequestView } from './operation.ts'
import { largeBatch, unknownMethod, unwantedBatch } from './read-request.ts'
import { GraphqlRefusal, malformed, type RefusalReason } from './error-response.ts'

/** Why a route does not take a request that was read; undefined if it does. */
export function refusalOf(
  view: RequestView,
  request: HttpRequest,
  config: GraphqlConfig,
): GraphqlRefusal | undefined {
  const { kind, size, operations } = view
  if (request.upgrade !== undefined) {
    if (config.websocket !== 'allow')
      return new GraphqlRefusal(
        'websocket',
        'a WebSocket is not taken here: what it carries could not be judged',
      )
    // An origin may ignore the wish to switch and run what the request itself brings: that is judged all the same.
    if (kind === 'none' && request.body.length === 0) return undefined
  }
  if (size > config.maxSize) {
    const message = `the request is larger than the limit of ${config.maxSize} bytes`
    return new GraphqlRefusal('size', message, { value: size, limit: config.maxSize })
  }
  if (kind === 'none') return withoutOperation(request)
  if (kind === 'persisted') return config.persisted === 'allow' ? undefined : unknownDocument()
  if (kind === 'batch' && config.maxBatch === 0) return unwantedBatch()
  if (kind === 'batch' && operations.length > config.maxBatch)
    return largeBatch(operations.length, config.maxBatch)
  for (const operation of operations) {
    const refusal = operationRefusal(operation, config)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

/** That there is no document: of a route that does not know GraphQL, or does not want it. */
export function unknownDocument(): GraphqlRefusal {
  return new GraphqlRefusal('persisted', 'the request must bring its document: persisted ones are not taken')
}

/** A preflight passes (Fetch, 3.3.5): it has no operation, and no origin looks for one there. */
function withoutOperation({ method }: HttpRequest): GraphqlRefusal | undefined {
  if (method === 'OPTIONS') return undefined
  return method === 'GET' || method === 'HEAD' ? malformed('the request has no query') : unknownMethod(method)
}

interface Limit {
  readonly reason: RefusalReason
  readonly value: (operation: GraphqlOperation) => number
  readonly limit: (config: GraphqlConfig) => number
  /** As in "the operation has 7 aliases, and 5 are allowed". */
  readonly counted: string
}

const LIMITS: readonly Limit[] = [
  { reason: 'tokens', value: (o) => o.tokens, limit: (c) => c.maxTokens, counted: 'tokens' },
  { reason: 'depth', value: (o) => o.depth, limit: (c) => c.maxDepth, counted: 'levels of fields' },
  { reason: 'aliases', value: (o) => o.aliases, limit: (c) => c.maxAliases, counted: 'aliases' },
  {
    reason: 'root_fields',
    value: (o) => o.rootFieldCount,
    limit: (c) => c.maxRootFields,
    counted: 'fields at the top',
  },
  { reason: 'fields', value: (o) => o.fields, limit: (c) => c.maxFields, counted: 'fields' },
  { reason: 'directives', value: (o) => o.directives, limit: (c) => c.maxDirectives, counted: 'directives' },
]

function operationRefusal(operation: GraphqlOperation, config: GraphqlConfig): GraphqlRefusal | undefined {
  for (const each of LIMITS) {
    const value = each.value(operation)
    const limit = each.limit(config)
    if (value <= limit) continue
    const shown = value === LARGEST_COUNT ? `${value} or more` : value
    const message = `the operation has ${shown} ${each.counted}, and ${limit} are allowed`
    return new GraphqlRefusal(each.reason, message, { value, limit })
  }
  return operation.introspects && config.introspection === 'refuse'
    ? new GraphqlRefusal('introspection', 'the schema (__schema, __type) may not be asked for here')
    : undefined
}
