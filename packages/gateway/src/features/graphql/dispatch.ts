import type { Exchange, Handler, HttpResponse } from '@headgate/core'
import { asksForOperation, type GraphqlRoute, isGraphqlRoute } from './conditions.ts'
import { GRAPHQL_DEFAULTS } from './setting.ts'
import type { Found } from '../../routing/router/router.ts'
import { unknownDocument } from './operation-limits.ts'
import { type ReadLimits, readRequest, unwantedBatch } from './read-request.ts'
import { GraphqlRefusal, malformed, type RefusalReason } from './error-response.ts'
import { isUnread, type RequestView } from './operation.ts'

/** How exchanges are routed where operations decide about the route. */
export interface OperationDispatch {
  readonly find: (exchange: Exchange) => Found<Handler>
  readonly take: (exchange: Exchange, found: Found<Handler>) => Promise<HttpResponse>
  /** What may be read before the route is known. */
  readonly limits: ReadLimits
  /** Whether what it leads to judges GraphQL. */
  readonly isGraphql: (route: Handler) => boolean
  /** Answers what is refused before a route is found. */
  readonly refuse: (exchange: Exchange, error: unknown) => Promise<HttpResponse>
  readonly onRefused: (reason: RefusalReason) => void
}

/**
 * Seeks the route of an exchange; where a condition asks for its operation, it is read, and the route is sought again. Other
 * exchanges pay for a look at what is known of them, and nothing is read.
 */
export function dispatchByOperation({ find, take, limits, ...others }: OperationDispatch): Handler {
  const refuse = refusing(others)
  const takeRead = (exchange: Exchange, view: RequestView): Promise<HttpResponse> => {
    const found = findRead(find, exchange, view)
    if (found === undefined)
      return refuse(exchange, malformed('the operations of the batch lead to different routes'))
    const isJudged = found.kind !== 'found' || others.isGraphql(found.route)
    const refusal = isJudged ? undefined : unjudgedRefusal(view)
    return refusal === undefined ? take(exchange, found) : refuse(exchange, refusal)
  }
  return (exchange) => {
    const found = find(exchange)
    if (!isUnread(exchange)) return take(exchange, found)
    let view: RequestView | Promise<RequestView>
    try {
      view = readRequest(exchange, limits)
    } catch (error) {
      return refuse(exchange, error)
    }
    if (!(view instanceof Promise)) return takeRead(exchange, view)
    return view.then(
      (read) => takeRead(exchange, read),
      (error: unknown) => refuse(exchange, error),
    )
  }
}

/** What could not be judged must not pass for something else, by a route that judges nothing. */
export function unjudgedRefusal({ kind }: RequestView): GraphqlRefusal | undefined {
  if (kind === 'persisted') return unknownDocument()
  return kind === 'batch' ? unwantedBatch() : undefined
}

function refusing({
  refuse,
  onRefused,
}: Pick<OperationDispatch, 'refuse' | 'onRefused'>): OperationDispatch['refuse'] {
  return (exchange, error) => {
    if (error instanceof GraphqlRefusal) onRefused(error.reason)
    return refuse(exchange, error)
  }
}

/**
 * The route of a request that was read: each operation of a batch must lead to the same.
 * @returns undefined if they do not
 */
export function findRead<Route>(
  find: (exchange: Exchange) => Found<Route>,
  exchange: Exchange,
  view: RequestView,
): Found<Route> | undefined {
  const found = find(exchange)
  for (const operation of view.operations.slice(1)) {
    view.sought = operation
    const other = find(exchange)
    if (routeOf(other) !== routeOf(found)) return undefined
  }
  view.sought = view.operations[0]
  return found
}

function routeOf<Route>(found: Found<Route>): Route | undefined {
  return found.kind === 'found' ? found.route : undefined
}

/** The largest limits of the routes that operations decide about, as any of them may be the one; undefined if there is none. */
export function readLimits(routes: readonly GraphqlRoute[]): ReadLimits | undefined {
  if (!routes.some(({ match }) => asksForOperation(match))) return undefined
  const all = routes.filter(isGraphqlRoute).map((route) => route.graphql ?? GRAPHQL_DEFAULTS)
  return {
    maxSize: Math.max(...all.map(({ maxSize }) => maxSize)),
    maxTokens: Math.max(...all.map(({ maxTokens }) => maxTokens)),
    maxBatch: Math.max(...all.map(({ maxBatch }) => maxBatch)),
  }
}
