import type { Exchange } from '@headgate/core'
import { type GraphqlRoute, isGraphqlRoute } from './conditions.ts'
import { GRAPHQL_DEFAULTS } from './setting.ts'
import type { Found } from '../../routing/router/router.ts'
import { findRead, readLimits, unjudgedRefusal } from './dispatch.ts'
import { type GraphqlOperation, isUnread, type RequestView } from './operation.ts'
import { refusalOf } from './operation-limits.ts'
import { readRequest } from './read-request.ts'
import { GraphqlRefusal, malformed } from './error-response.ts'

/** What a request was found to ask for. */
export interface ExplainedGraphql {
  readonly operations: readonly GraphqlOperation[]
  /** Why it is refused; undefined if it is not. */
  readonly refusal: GraphqlRefusal | undefined
  /** Whether it is refused before its route is known. */
  readonly isUnrouted: boolean
}

interface Sought<Route> {
  readonly found: Found<Route>
  /** Undefined where neither the search for a route nor the route found looks at GraphQL. */
  readonly graphql: ExplainedGraphql | undefined
}

/** Seeks a route as `dispatchByOperation` does, and judges what it finds as the route will. */
export async function seekByOperation<Route extends GraphqlRoute>(
  routes: readonly Route[],
  exchange: Exchange,
  find: (exchange: Exchange) => Found<Route>,
): Promise<Sought<Route>> {
  const first = find(exchange)
  const limits = isUnread(exchange) ? readLimits(routes) : undefined
  try {
    if (limits === undefined) return { found: first, graphql: await judged(first, exchange) }
    const view = await readRequest(exchange, limits)
    const found = findRead(find, exchange, view)
    if (found === undefined) throw malformed('the operations of the batch lead to different routes')
    const isJudged = found.kind !== 'found' || isGraphqlRoute(found.route)
    const refusal = isJudged ? undefined : unjudgedRefusal(view)
    if (refusal !== undefined) throw refusal
    return { found, graphql: (await judged(found, exchange, view)) ?? accepted(view) }
  } catch (error) {
    return { found: first, graphql: unrouted(error) }
  }
}

async function judged(
  found: Found<GraphqlRoute>,
  exchange: Exchange,
  before?: RequestView,
): Promise<ExplainedGraphql | undefined> {
  if (found.kind !== 'found' || !isGraphqlRoute(found.route)) return undefined
  const config = found.route.graphql ?? GRAPHQL_DEFAULTS
  try {
    const view = before ?? (await readRequest(exchange, config))
    const refusal = refusalOf(view, exchange.request, config)
    return { operations: view.operations, refusal, isUnrouted: false }
  } catch (error) {
    return { ...unrouted(error), isUnrouted: false }
  }
}

function accepted({ operations }: RequestView): ExplainedGraphql {
  return { operations, refusal: undefined, isUnrouted: false }
}

function unrouted(error: unknown): ExplainedGraphql {
  if (!(error instanceof GraphqlRefusal)) throw error
  return { operations: [], refusal: error, isUnrouted: true }
}
