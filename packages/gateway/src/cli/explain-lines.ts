import type { ConsumerFacts } from '../features/consumers/facts.ts'
import type { TakenRoute } from '../explain/explain.ts'
import type { ApiVersionsConfig } from '../features/api-versions/setting.ts'
import { GRAPHQL_DEFAULTS, type GraphqlConfig } from '../features/graphql/setting.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import type { EndpointConfig } from '../config/schema/upstream-schema.ts'
import { writtenTime } from '../settings/values/units.ts'
import type { DeadlineFacts, RouteFacts } from '../explain/route-facts.ts'
import type { LimitFacts } from '../features/rate-limit/facts.ts'
import type { SplitFacts } from '../features/split/facts.ts'
import { isGraphqlRoute } from '../features/graphql/conditions.ts'
import type { ExplainedGraphql } from '../features/graphql/explain-operation.ts'
import type { GraphqlOperation } from '../features/graphql/operation.ts'
import type { SplitStickyConfig } from '../features/split/setting.ts'

/** Lines on the version of an API that a request is for. */
export function versionLines(
  asked: NonNullable<RouteFacts['version']>,
  { versions, header, query, default: wanted }: ApiVersionsConfig,
): string[] {
  const names = Object.keys(versions).join(', ')
  switch (asked.kind) {
    case 'known': {
      const places = {
        path: 'in the path',
        query: `as ${query} in the query`,
        header: `in ${header}`,
        mediaType: 'in Accept',
      }
      const why = asked.by === undefined ? `the default, as none is named` : `named ${places[asked.by]}`
      const { deprecated, sunset } = versions[asked.version] ?? {}
      return [
        `${asked.version}, ${why}`,
        ...(deprecated === undefined ? [] : [`deprecated from ${day(deprecated)} on`]),
        ...(sunset === undefined ? [] : [`ends on ${day(sunset)}`]),
      ]
    }
    case 'unsupported':
      return [`none: there is no version ${JSON.stringify(asked.asked)}, but ${names}`]
    case 'contradiction':
      return [`none: versions ${asked.versions.join(' and ')} are named`]
    case 'missing':
      return [`none is named, and ${wanted === undefined ? 'there is no default' : wanted}`]
  }
}

function day(time: number): string {
  return new Date(time).toISOString().replace('T00:00:00.000Z', '').replace('.000Z', 'Z')
}

/** By the ids of the limits. */
export function limitRows(limits: readonly LimitFacts[]): string[][] {
  return limits.map(({ id, key }) => [id, key === undefined ? 'does not concern it' : `counts for ${key}`])
}

/** Lines on a split. */
export function splitLines(
  { targets, chosen }: SplitFacts,
  sticky: SplitStickyConfig | undefined,
  isLive: boolean,
): string[] {
  const shares = targets.map(({ upstream, weight, share }) => {
    return `${upstream} ${Math.round(share * 1000) / 10} % (weight ${weight})`
  })
  const why = sticky === undefined ? '' : `, by ${stickyName(sticky)}`
  const goes =
    chosen === undefined
      ? 'this request goes to one of them by chance'
      : `this request goes to ${chosen}${why}`
  return [...shares, goes, isLive ? 'weights of the gateway that runs' : 'weights of the configuration']
}

function stickyName(sticky: SplitStickyConfig): string {
  if (sticky === 'client') return 'the address of the client'
  return 'cookie' in sticky ? `the cookie ${sticky.cookie}` : `the field ${sticky.header}`
}

/** None where there is no deadline. */
export function deadlineLines({ exchange, attempt, asked }: DeadlineFacts): string[] {
  const isShorter = asked !== undefined && asked < (exchange ?? Infinity)
  return [
    ...(exchange === undefined || isShorter ? [] : [`the whole exchange: ${writtenTime(exchange)}`]),
    ...(isShorter ? [`the whole exchange: ${writtenTime(asked)}, as the client asks`] : []),
    ...(attempt === undefined ? [] : [`the response head of each try: ${writtenTime(attempt)}`]),
  ]
}

/**
 * The operations of a request with their numbers, and why it is refused, if it is.
 * @param route whose limits stand beside the numbers
 */
export function graphqlLines({ operations, refusal }: ExplainedGraphql, route?: RouteConfig): string[] {
  const config =
    route !== undefined && isGraphqlRoute(route) ? (route.graphql ?? GRAPHQL_DEFAULTS) : undefined
  const lines = operations.flatMap((operation) => operationLines(operation, config))
  return refusal === undefined ? lines : [...lines, `refused with ${refusal.status}: ${refusal.message}`]
}

function operationLines(operation: GraphqlOperation, config: GraphqlConfig | undefined): string[] {
  const { type, name, rootFields } = operation
  const numbers: readonly (readonly [what: string, value: number, limit: number | undefined])[] = [
    ['depth', operation.depth, config?.maxDepth],
    ['root fields', operation.rootFieldCount, config?.maxRootFields],
    ['fields', operation.fields, config?.maxFields],
    ['aliases', operation.aliases, config?.maxAliases],
    ['directives', operation.directives, config?.maxDirectives],
    ['tokens', operation.tokens, config?.maxTokens],
  ]
  return [
    name === undefined ? `${type} without a name` : `${type} ${name}`,
    `root fields ${[...rootFields].join(', ')}`,
    numbers
      .map(([what, value, limit]) => `${what} ${value}${limit === undefined ? '' : ` of ${limit}`}`)
      .join(', '),
  ]
}

/**
 * The candidates of an upstream; where some come before others, level by level, in the order in which they are used.
 * @param zone where the gateway is; undefined: zones do not matter
 */
export function endpointLines(endpoints: readonly EndpointConfig[], zone: string | undefined): string[] {
  const levels = new Map<string, { readonly order: number; readonly lines: string[] }>()
  for (const endpoint of endpoints) {
    const { priority } = endpoint
    const isLocal = zone !== undefined && endpoint.zone === zone
    const side = zone === undefined ? '' : isLocal ? `, zone ${zone}` : ', other zones'
    const title = `priority ${priority}${side}`
    const level = levels.get(title) ?? { order: priority * 2 + (isLocal ? 0 : 1), lines: [] }
    levels.set(title, level)
    level.lines.push(endpointLine(endpoint))
  }
  const ordered = [...levels].sort(([, one], [, other]) => one.order - other.order)
  if (ordered.length < 2) return ordered.flatMap(([, { lines }]) => lines)
  return ordered.flatMap(([title, { lines }], index) => [
    `${title}${index === 0 ? '' : ', if those above are short of usable endpoints'}:`,
    ...lines.map((line) => `  ${line}`),
  ])
}

function endpointLine({ url, dns, srv, weight, zone }: EndpointConfig): string {
  const place = zone === undefined ? '' : `, zone ${zone}`
  if (srv !== undefined)
    return `the targets of ${srv}, found by DNS while the gateway runs (weights of the records${place})`
  return `${url ?? `the addresses of ${dns}, found by DNS while the gateway runs`} (weight ${weight}${place})`
}

function consumerLine({ name, limits, routes }: ConsumerFacts): string {
  const limited = limits.map((each) => `${each.name} (${each.rate})`).join(', ')
  return [
    `consumer ${name}`,
    limited && `limited by ${limited}`,
    routes && `for the routes ${routes.join(', ')} alone`,
  ]
    .filter(Boolean)
    .join(', ')
}

/** Who asks, and what they may do; none where nobody has a say in it. */
export function callerLines({ config, identity, consumer, authorization }: TakenRoute): string[] {
  const lines: string[] = []
  if (identity !== undefined) {
    const { authenticator, subject, groups, scopes } = identity
    lines.push(`${subject}, known to ${authenticator}`)
    if (groups.length > 0) lines.push(`groups ${groups.join(', ')}`)
    if (scopes.length > 0) lines.push(`scopes ${scopes.join(', ')}`)
    if (consumer !== undefined) lines.push(consumerLine(consumer))
  } else if (config.authentication) lines.push('nobody: --as names a caller')
  if (authorization === undefined) return lines
  const { isAllowed, reason } = authorization
  const isReport = config.authorization?.mode === 'report'
  const verdict = isAllowed ? 'allowed' : isReport ? 'not allowed, and only reported' : 'refused'
  return [...lines, `${verdict}: ${reason}`]
}
