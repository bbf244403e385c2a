import { HttpRequest, type Scheme } from '@headgate/core'
import { RecordedHeaders } from './recorded-headers.ts'

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
