import type { Explanation, LiveWeights, TakenRoute } from '../explain/explain.ts'
import type { RoutesAnswer } from '../admin/routes.ts'
import { foreseenView, type ForeseenView } from '../explain/cache-view.ts'
import { sentHead } from '../explain/dry-run.ts'
import type { AdminClient } from './admin-client.ts'
import type { CliValues } from './command.ts'
import { headersOf } from './header-option.ts'
import { targetName } from './route-target.ts'

/** The request as it came: what a route does to it comes later. */
export interface ExplainedRequest {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: string
}

/**
 * - `taken`: a route takes the request, and sends it on or answers it as it is configured to
 * - `refused`: it is answered with an error: by a policy of its route, or before a route is sought
 */
type Outcome = 'taken' | 'refused' | 'not_found' | 'method_not_allowed'

export function explainedOutcome({ found, graphql, taken }: Explanation): Outcome {
  if (graphql?.refusal !== undefined) return 'refused'
  if (taken === undefined) return found.kind === 'found' ? 'refused' : found.kind
  return isRefused(taken) ? 'refused' : 'taken'
}

function isRefused({ answer, config }: TakenRoute): boolean {
  if (answer === undefined || answer.status < 400) return false
  return answer.status !== config.respond?.status
}

/** What `headgate explain --json` prints. @param stored what the cache of a gateway that runs has for it */
export function explanationView(
  request: ExplainedRequest,
  explanation: Explanation,
  stored?: ForeseenView,
): object {
  const { found, graphql, client, place, others, taken, unrouted } = explanation
  return {
    request: { ...request, client, ...(place && { place }) },
    outcome: explainedOutcome(explanation),
    ...(found.kind === 'method_not_allowed' && { allow: found.allow }),
    ...(graphql?.refusal && { refusal: graphql.refusal.message }),
    ...(graphql && {
      operations: graphql.operations.map(({ type, name }) => ({ type, ...(name !== undefined && { name }) })),
    }),
    ...(taken === undefined && { policies: unrouted }),
    ...(taken && { route: routeView(taken, found.kind === 'found' ? found.params : {}, stored) }),
    notTaken: others.map(({ name, reason }) => ({ route: name, reason })),
  }
}

function routeView(
  taken: TakenRoute,
  params: Readonly<Record<string, string>>,
  stored: ForeseenView | undefined,
): object {
  const { config, shared, facts, split, cache, policies, sent, answer, answeredBy, upstreams } = taken
  return {
    name: config.name,
    target: targetName(config),
    params,
    ...(shared.length > 0 && { shared }),
    policies: policies.map(({ settings, ...named }) => ({
      ...named,
      ...(settings !== undefined && { settings }),
    })),
    ...(facts.version && { version: facts.version }),
    rateLimits: facts.rateLimits,
    deadlines: facts.deadlines,
    ...(split && { split }),
    ...(cache && { cache: stored ?? cacheView(config.name, cache) }),
    ...(config.mirror && { mirror: config.mirror }),
    ...(sent && {
      sent: {
        method: sent.request.method,
        path: `${sent.request.path}${sent.request.query}`,
        ...(sent.preserveHost && { host: sent.request.authority.text }),
        headers: sentHead(sent, config.name),
      },
    }),
    ...(answer && {
      answer: { status: answer.status, headers: fieldsOf(answer.headers), by: answeredBy },
    }),
    upstreams,
  }
}

/** Without a gateway that runs, nothing is known of what is stored, nor whether it would answer. */
function cacheView(route: string, foresight: NonNullable<TakenRoute['cache']>): object {
  const { outcome, key } = foreseenView(route, foresight)
  return key === undefined ? { outcome } : { key }
}

/** What the cache of a gateway that runs has for the request of these options. Rejects with an AdminError if none answers. */
export async function shownCache(
  client: AdminClient,
  { url, method, header, client: address }: CliValues,
): Promise<ForeseenView> {
  const headers = headersOf(header)
  const body = { url, method, headers, ...(address !== undefined && { client: address }) }
  return (await client.call('POST', '/cache/show', body)) as ForeseenView
}

function fieldsOf(headers: Iterable<{ readonly name: string; readonly value: string }>): [string, string][] {
  return Array.from(headers, ({ name, value }) => [name, value])
}

/** The weights that splits have by now in a running gateway. Rejects with an AdminError if none answers. */
export async function liveWeights(client: AdminClient): Promise<LiveWeights> {
  const { routes } = (await client.call('GET', '/routes')) as RoutesAnswer
  return new Map(
    routes.flatMap(({ name, split }) => {
      const present = split?.present
      if (name === undefined || present === undefined) return []
      if (!areWeights(present)) throw new TypeError(`the weights of ${JSON.stringify(name)} are none`)
      return [[name, present]] as const
    }),
  )
}

function areWeights(present: unknown): boolean {
  if (typeof present !== 'object' || present === null) return false
  return Object.values(present).every((weight) => Number.isSafeInteger(weight) && weight >= 0)
}
