import type { Body, HeaderList } from '@headgate/core'
import type { Locate } from '../settings/read/positions.ts'
import type { Schema } from './schema.ts'

/** One thing that the admin listener tells or changes: all that is known of it stands here, once. */
export interface AdminOperation<Result = unknown> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With parameters: `/versions/{id}`. */
  readonly path: string
  /** A sentence for the list of what there is. */
  readonly about: string
  /** Its id in the description. */
  readonly id: string
  /**
   * For a GET that whoever asks is told, without the token: the media type of its 200. It is told nothing of the request, and its own
   * thread waits, so it must not take long.
   */
  readonly open?: string
  /** For a GET that returns a stream, which goes on until somebody ends it: the media type of its 200. */
  readonly stream?: string
  /** Of the query, with a sentence each. */
  readonly query?: Readonly<Record<string, string>>
  /** JSON Schema of the body; absent: none is read. */
  readonly body?: Readonly<Record<string, unknown>>
  /** What is in its answers below 400; absent for those that are no JSON. */
  readonly result?: Schema<Result>
  /** What its answers mean, by status; 401 and 403 are added. */
  readonly answers: Readonly<Record<number, string>>
  /** Whether its 200 has an ETag, for If-Match; those that take one have one. */
  readonly etag?: true
  /** What the ETag is of that it takes as If-Match; absent: it takes none. */
  readonly conditional?: 'configuration' | 'upstream' | 'split'
  handle(request: AdminRequest): AdminAnswer<NoInfer<Result>> | Promise<AdminAnswer<NoInfer<Result>>>
}

/** States an operation; what it answers is checked against its result. */
export function operation<Result>(stated: AdminOperation<Result>): AdminOperation {
  return stated
}

export interface AdminRequest {
  /** Of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: HeaderList
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

declare const RESULT: unique symbol

/** @typeParam Result what the text of the body is made of */
export interface AdminAnswer<Result = unknown> {
  readonly status: number
  readonly type: string
  /** Empty where a stream is sent. */
  readonly body: string
  /**
   * Sent in place of `body`, as its source pushes it and with back-pressure. The source is told (`cancelBody`) when its reader leaves
   * or takes nothing any more, and when the gateway ends, whereupon the stream ends as complete.
   */
  readonly stream?: Body
  readonly [RESULT]?: Result
  /** Further fields, as Allow. */
  readonly headers?: Readonly<Record<string, string>>
  /** What a call has changed, for the record; the call itself is on record without it, too. */
  readonly change?: AdminChange
  /** Whether somebody else keeps the record of it, or there is nothing to record. */
  readonly isRecorded?: boolean
}

/** What there is to an answer beside its result. */
export interface AnswerFacts {
  /** Default: 200. */
  readonly status?: number
  readonly etag?: string
  readonly change?: AdminChange
}

export function json<Result>(
  value: Result,
  { status = 200, etag, change }: AnswerFacts = {},
): AdminAnswer<Result> {
  return {
    status,
    type: 'application/json',
    body: `${JSON.stringify(value, null, 2)}\n`,
    ...(etag !== undefined && { headers: { etag } }),
    ...(change && { change }),
  }
}

/** @param type as the operation states it in `stream` */
export function streamed(type: string, stream: Body): AdminAnswer<never> {
  return { status: 200, type, body: '', stream }
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
): AdminAnswer<never> {
  const body = `${JSON.stringify({ title, status, detail, ...more }, null, 2)}\n`
  return { status, type: 'application/problem+json', body, headers }
}

/** The hash that If-Match asks for; undefined if any will do. */
export function ifHash({ headers }: AdminRequest): string | undefined {
  const match = headers.get('if-match')
  if (match === undefined || match.trim() === '*') return undefined
  return match.trim().replaceAll(/^(?:W\/)?"|"$/g, '')
}
