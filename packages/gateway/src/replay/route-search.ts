import { HttpRequest, InvalidTarget, type Scheme } from '@headgate/core'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { MatchConfig } from '../features/match/setting.ts'
import { loggedField } from '../settings/values/request-field.ts'
import { type Condition, someQueryValue, type Subject, weightOf } from '../routing/conditions.ts'
import { routeEntry } from '../features/match/conditions.ts'
import type { GeoLookup } from '../features/geo/geo-place.ts'
import { isUnread, setView } from '../features/graphql/operation.ts'
import { hasTwoReadings, settlePath } from '../routing/router/path-readings.ts'
import { type Found, type RouteEntry, Router } from '../routing/router/router.ts'
import { NotRecorded, type RecordedRequest, recordedView } from './recorded-request.ts'

/** Fields that decide what a route does, beyond those that decide whether it is taken. */
export function neededFields({ apiVersions, rewrite, redirect }: RouteConfig): readonly string[] {
  const { header, mediaType } = apiVersions ?? {}
  const templates = JSON.stringify([rewrite, redirect]).matchAll(/\$\{request\.headers\.([^}]+)\}/g)
  return [
    ...(header === undefined ? [] : [header]),
    ...(mediaType === undefined ? [] : ['accept']),
    ...Array.from(templates, ([, name = '']) => name.toLowerCase()),
  ]
}

/** All that may be asked in place of the upstream that was. */
export function upstreamsTaken({ split }: RouteConfig, asked: string): readonly string[] {
  const parts = split?.upstreams ?? []
  if (!parts.some(({ upstream }) => upstream === asked)) return [asked]
  return parts.flatMap(({ upstream, weight }) => (weight === 0 ? [] : [upstream]))
}

/** What stands in a log for the value of a parameter that is a secret. */
const HIDDEN = '[redacted]'

/** A route that would take a request if something were so that the log does not tell. */
export interface UnsureRoute {
  readonly route: string
  readonly missing: NotRecorded
}

export interface RouteSearchResult {
  /** What it is if none of the unsure ones takes the request. */
  readonly found: Found<RouteConfig> | InvalidTarget
  readonly unsure: readonly UnsureRoute[]
}

class RecordedSubject implements Subject {
  readonly request: HttpRequest
  readonly clientAddress: string
  readonly scheme: Scheme | undefined

  constructor(request: HttpRequest, clientAddress: string, scheme: Scheme | undefined) {
    this.request = request
    this.clientAddress = clientAddress
    this.scheme = scheme
  }

  get clientScheme(): Scheme {
    if (this.scheme === undefined) throw new NotRecorded('the scheme')
    return this.scheme
  }
}

/**
 * Finds the route of a recorded request, by the gateway's own router and conditions. A condition that looks at something which
 * the log does not tell neither holds nor fails: its route is noted, and those behind it are looked at as well.
 */
export class RouteSearch {
  private readonly router: Router<RouteConfig>
  private recorded: RecordedRequest | undefined
  private subject = new RecordedSubject(HttpRequest.to('http://localhost/'), '', undefined)
  /** Whether the condition that is asked now has done so. */
  private looksAtQuery = false
  private readonly unsure = new Map<string, NotRecorded>()

  constructor(config: GatewayConfig, geo: GeoLookup) {
    this.router = new Router(config.routes.map((route) => this.entry(routeEntry(route, route, geo))))
  }

  /** @param clientAddress as the configuration sees it */
  find(recorded: RecordedRequest, clientAddress: string): RouteSearchResult {
    const { request, fields, scheme, client } = recorded
    const seen = new HttpRequest(request)
    seen.headers = fields
    const { query } = request
    if (query.includes(HIDDEN)) Object.defineProperty(seen, 'query', { get: () => this.lookAtQuery(query) })
    this.recorded = recorded
    // Where the proxy that told it is not believed any more, the scheme is that of its own connection, which no line tells.
    this.subject = new RecordedSubject(seen, clientAddress, clientAddress === client ? scheme : undefined)
    this.unsure.clear()
    const { authority, path, method } = request
    const findAt = (spelling: string): Found<RouteConfig> => {
      seen.path = spelling
      return this.router.find(authority.host, spelling, method, this.subject)
    }
    const settled = hasTwoReadings(path)
      ? settlePath(path, findAt, ({ paths }) => paths)
      : { path, found: findAt(path) }
    const found = settled instanceof InvalidTarget ? settled : settled.found
    if (!(settled instanceof InvalidTarget)) request.path = settled.path
    return { found, unsure: Array.from(this.unsure, ([route, missing]) => ({ route, missing })) }
  }

  /** All of its conditions as one, which knows of three answers. */
  private entry(entry: RouteEntry<RouteConfig>): RouteEntry<RouteConfig> {
    const { conditions = [], name, value } = entry
    if (conditions.length === 0) return entry
    const secrets = secretParameters(value.match)
    const holds = (): boolean => this.judge(name, conditions, secrets)
    return { ...entry, conditions: [{ text: `route ${name}`, weight: weightOf(conditions), holds }] }
  }

  private judge(route: string, conditions: readonly Condition[], secrets: readonly string[]): boolean {
    const hidden = this.hiddenParameter(secrets)
    let missing: NotRecorded | undefined
    for (const condition of conditions) {
      this.looksAtQuery = false
      const asked = this.ask(condition)
      const answer = hidden !== undefined && this.looksAtQuery ? hidden : asked
      if (answer === false) return false
      if (answer !== true) missing ??= answer
    }
    if (missing === undefined) return true
    this.unsure.set(route, missing)
    return false
  }

  private ask(condition: Condition): boolean | NotRecorded {
    // Of its own: it is noted there that the operation was asked for.
    const { request, clientAddress, scheme } = this.subject
    const subject = new RecordedSubject(request, clientAddress, scheme)
    const view = recordedView(this.recorded?.graphql)
    if (view !== undefined) setView(subject, view)
    try {
      const holds = condition.holds(subject)
      return isUnread(subject) ? new NotRecorded('the GraphQL operation') : holds
    } catch (error) {
      if (error instanceof NotRecorded) return error
      throw error
    }
  }

  private lookAtQuery(query: string): string {
    this.looksAtQuery = true
    return query
  }

  private hiddenParameter(secrets: readonly string[]): NotRecorded | undefined {
    const { query } = this.subject.request
    const name = secrets.find((each) => someQueryValue(query, each, (value) => value === HIDDEN))
    return name === undefined ? undefined : new NotRecorded(`the value of parameter ${name}`)
  }
}

/** Parameters whose values decide and are hidden in logs. */
function secretParameters({ query = {}, all = [], any = [], not }: MatchConfig): string[] {
  const own = Object.entries(query).flatMap(([name, test]) =>
    'exists' in test || loggedField.parse(name).ok ? [] : [name],
  )
  return [...own, ...[...all, ...any, ...(not === undefined ? [] : [not])].flatMap(secretParameters)]
}
