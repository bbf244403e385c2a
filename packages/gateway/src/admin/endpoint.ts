import type { Locate } from '../settings/read/positions.ts'
import type { Schema } from './schemas.ts'

/** One thing that the admin listener answers to GET, whoever asks. */
export interface AdminEndpoint {
  readonly path: string
  /** A sentence for the list of what there is. */
  readonly about: string
  /** Its id in the description. */
  readonly id: string
  /** The media type of its 200. */
  readonly type: string
  /** What its other answers mean, by status; all are problem details. */
  readonly refusals?: Readonly<Record<number, string>>
  /** Called for each request; its own thread waits, so it must not take long. */
  answer(): AdminAnswer
}

/** One that needs to know more of the request, or changes something: it asks for the token, where there is one. */
export interface AdminOperation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With parameters: `/versions/{id}`. */
  readonly path: string
  readonly about: string
  readonly description: OperationDescription
  handle(request: AdminRequest): AdminAnswer | Promise<AdminAnswer>
}

/** What is said of an operation beside its method, path and sentence. */
export interface OperationDescription {
  readonly id: string
  /** Of the query, with a sentence each. */
  readonly query?: Readonly<Record<string, string>>
  /** JSON Schema of the body; absent: none is read. */
  readonly body?: Readonly<Record<string, unknown>>
  /** What is in its answers below 400. */
  readonly result: Schema
  /** What its answers mean, by status; 401 and 403 are added. */
  readonly answers: Readonly<Record<number, string>>
  /** Whether its 200 has an ETag, for If-Match; those that take one have one. */
  readonly etag?: true
  /** What the ETag is of that it takes as If-Match; absent: it takes none. */
  readonly conditional?: 'configuration' | 'upstream' | 'split'
}

export interface AdminRequest {
  /** Of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** As JSON; undefined if there is none. */
  readonly body: unknown
  /** Where in the body its values stand. */
  readonly locate?: Locate
  /** Who says to have sent it, and from where: for the record. */
  readonly author: string
}

/** What a call has changed. */
export interface AdminChange {
  /** As `endpoint 10.0.0.7:80 of upstream orders`. */
  readonly what: string
  /** What of it has changed, by name: as it was, and as it is now. */
  readonly before?: Readonly<Record<string, unknown>>
  readonly after?: Readonly<Record<string, unknown>>
}

export interface AdminAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
  /** Further fields, as Allow. */
  readonly headers?: Readonly<Record<string, string>>
  /** What a call has changed, for the record; the call itself is on record without it, too. */
  readonly change?: AdminChange
  /** Whether somebody else keeps the record of it, or there is nothing to record. */
  readonly isRecorded?: boolean
}

export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): AdminAnswer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(value, null, 2)}\n`, headers }
}

/**
 * Problem details (RFC 9457), as the gateway itself answers errors.
 * @param more further members
 */
export function problem(
  status: number,
  title: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, unknown>> = {},
): AdminAnswer {
  const body = `${JSON.stringify({ title, status, detail, ...more }, null, 2)}\n`
  return { status, type: 'application/problem+json', body, headers }
}
