import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import type { CacheOutcome } from '@headgate/core'
import type { Client, ClientOptions } from '../../src/index.ts'
import { clientOf, originOf } from '../origin.ts'

/** What the origin answers; the number of the request begins at 1. */
export type Answers = (request: IncomingMessage, response: ServerResponse, number: number) => void

/** An origin, what it was asked, and a client with a cache in front of it. */
export interface CachedOrigin {
  readonly url: string
  readonly seen: IncomingMessage[]
  readonly client: Client
}

export async function cachedOrigin(
  t: TestContext,
  answers: Answers,
  options: ClientOptions = {},
): Promise<CachedOrigin> {
  const seen: IncomingMessage[] = []
  const listener: RequestListener = (request, response) => answers(request, response, seen.push(request))
  const url = await originOf(t, listener)
  return { url, seen, client: clientOf(t, { cache: true, baseUrl: url, ...options }) }
}

/** Each request gets its number as content, with these fields. */
export function numbered(fields: Readonly<Record<string, string>>): Answers {
  return (_request, response, number) => {
    response.writeHead(200, { 'content-type': 'text/plain', ...fields }).end(`no. ${number}`)
  }
}

/** In a minute it is no longer fresh. */
export const FRESH = { 'cache-control': 'max-age=60' }
/** It is stale at once, and can be confirmed. */
export const TAGGED = { 'cache-control': 'max-age=0', etag: '"a"' }

/** Answers 304 to who has the tag, else its number. */
export const tagged: Answers = (request, response, number) => {
  if (request.headers['if-none-match'] === TAGGED.etag) response.writeHead(304, TAGGED).end()
  else numbered(TAGGED)(request, response, number)
}

/** In short what the cache did. */
export function wayOf({
  cacheStatus,
}: {
  readonly cacheStatus: CacheOutcome | undefined
}): string | undefined {
  if (cacheStatus === undefined) return undefined
  const { hit, forwarded, stored, detail } = cacheStatus
  return [hit ? 'hit' : forwarded, stored === true && 'stored', detail]
    .filter((each) => typeof each === 'string')
    .join(' ')
}
