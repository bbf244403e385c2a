import { fieldValue, HeaderList, HttpRequest, type Scheme } from '@headgate/core'
import type { GraphqlOperation, RequestView } from '../features/graphql/operation.ts'

/** What a line of an access log tells of a request, and of what became of it. */
export interface RecordedRequest {
  /** Of the log, from 1. */
  readonly line: number
  /** How the client connected; undefined where the line does not tell, as lines of older versions. */
  readonly scheme: Scheme | undefined
  /** When it came, in milliseconds since 1970-01-01 UTC. */
  readonly time: number
  readonly request: HttpRequest
  /** The fields that are known, and which are not. */
  readonly fields: RecordedHeaders
  readonly client: string
  /** Who asked, where that was a proxy in front. */
  readonly peer: string
  readonly outcome: RecordedOutcome
  readonly graphql: { readonly type: string; readonly name: string | undefined } | undefined
}

export interface RecordedOutcome {
  readonly route: string
  readonly status: number | undefined
  /** Code of the error; undefined if there was none. */
  readonly error: string | undefined
  /** Empty if it reached none. */
  readonly endpoint: string
  readonly bytesReceived: number
  readonly version: string
}

/** Why a line is left out. */
export type LeftOut =
  /** It is no line of an access log. */
  | { readonly kind: 'bad'; readonly reason: string }
  /** Refused before it was understood: no configuration of routes changes that. */
  | { readonly kind: 'refused' }
  /** Cut by the log: its end may decide. */
  | { readonly kind: 'cut' }

/** What ends a value that was too long for its line. */
const CUT = '...'
/** What a path is cut at; the mark follows. */
const PATH_LIMIT = 2048

export function readLine(text: string, line: number): RecordedRequest | LeftOut {
  const members = parse(text)
  if (members === undefined) return { kind: 'bad', reason: 'it is no JSON object' }
  const { time, method, host, path } = members
  if (method === '' && host === '' && path === '') return { kind: 'refused' }
  if (typeof method !== 'string' || typeof host !== 'string' || typeof path !== 'string')
    return { kind: 'bad', reason: 'it has no method, host and path, as a line of an access log has' }
  const ended = typeof time === 'string' ? Date.parse(time) : Number.NaN
  if (Number.isNaN(ended)) return { kind: 'bad', reason: 'it has no time' }
  if (path.length === PATH_LIMIT + CUT.length && path.endsWith(CUT)) return { kind: 'cut' }
  try {
    const scheme = schemeOf(members['scheme'])
    const request = HttpRequest.to(`${scheme ?? 'http'}://${host}${path === '*' ? '/' : path}`, {
      method,
      // As the gateway took it; whether it would today is for the routes to say.
      paths: { encodedSlash: 'pass', slashes: 'keep' },
    })
    if (path === '*') request.path = '*'
    return { line, time: ended - (number(members['duration_ms']) ?? 0), request, scheme, ...facts(members) }
  } catch (error) {
    return { kind: 'bad', reason: error instanceof Error ? error.message : String(error) }
  }
}

type Members = Readonly<Record<string, unknown>>

function facts(members: Members): Omit<RecordedRequest, 'line' | 'time' | 'request' | 'scheme'> {
  const client = text(members['client']) ?? ''
  const type = text(members['graphql_type'])
  return {
    fields: new RecordedHeaders(valuesOf(members)),
    client,
    peer: text(members['peer']) ?? client,
    outcome: {
      route: text(members['route']) ?? '',
      status: number(members['status']),
      error: text(members['error']),
      endpoint: text(members['endpoint']) ?? '',
      bytesReceived: number(members['bytes_received']) ?? 0,
      version: text(members['api_version']) ?? '',
    },
    graphql: type === undefined ? undefined : { type, name: text(members['graphql_operation']) },
  }
}

/** What is known of fields: null stands for one that was not there. What is cut is not known. */
function valuesOf(members: Members): Map<string, string | null> {
  const values = new Map<string, string | null>()
  const userAgent = text(members['user_agent']) ?? null
  const recorded = isObject(members['headers']) ? members['headers'] : {}
  for (const [name, value] of [['user-agent', userAgent] as const, ...Object.entries(recorded)])
    if (value === null || (typeof value === 'string' && !value.endsWith(CUT))) values.set(name, value)
  return values
}

function parse(line: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function schemeOf(value: unknown): Scheme | undefined {
  return value === 'http' || value === 'https' ? value : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** Thrown where something is looked at that the log does not tell. */
export class NotRecorded extends Error {
  override readonly name = 'NotRecorded'
  /** As `header x-canary`. */
  readonly what: string
  /** The field that `accessLog.headers` would have to name; undefined if it cannot, or it is none. */
  readonly field: string | undefined

  constructor(what: string, field?: string) {
    super(what)
    this.what = what
    this.field = field
  }
}

/** The fields of a request as far as a log tells them. To look at another one is an error: its absence must not be a guess. */
export class RecordedHeaders extends HeaderList {
  private readonly values: ReadonlyMap<string, string | null>

  /** @param values by name, as text; null: it was not there */
  constructor(values: ReadonlyMap<string, string | null>) {
    super()
    this.values = values
    for (const [name, value] of values) if (value !== null) this.add(name, fieldValue(value))
  }

  isKnown(name: string): boolean {
    return this.values.has(name)
  }

  /** Those that were there, to be changed by what they pass. */
  copy(): HeaderList {
    const headers = new HeaderList()
    for (const [name, value] of this.values) if (value !== null) headers.add(name, fieldValue(value))
    return headers
  }

  /** @throws NotRecorded for a field of which the log does not tell whether it was there */
  override get(name: string): string | undefined {
    if (!this.values.has(name)) throw new NotRecorded(`header ${name}`, name)
    return super.get(name)
  }

  /** Who goes through all lines is after cookies, which no log holds. */
  override get size(): number {
    throw new NotRecorded('cookies')
  }
}

/** The operation of a GraphQL request, as far as the log tells it: its type and name. */
export function recordedView(graphql: RecordedRequest['graphql']): RequestView | undefined {
  if (graphql === undefined) return undefined
  const operation: GraphqlOperation = {
    type: graphql.type as GraphqlOperation['type'], // as the gateway wrote it
    name: graphql.name,
    get rootFields(): ReadonlySet<string> {
      throw new NotRecorded('the root fields of the GraphQL operation')
    },
    rootFieldCount: 0,
    depth: 0,
    fields: 0,
    aliases: 0,
    directives: 0,
    tokens: 0,
    introspects: false,
  }
  return { kind: 'single', operations: [operation], size: 0, sought: operation }
}
