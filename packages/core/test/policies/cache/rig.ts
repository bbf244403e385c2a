import { cache } from '../../../src/policies/cache/cache.ts'
import type { CacheOptions } from '../../../src/policies/cache/cache-options.ts'
import type { CacheOutcome } from '../../../src/policies/cache/cache-status.ts'
import { ProcessStore } from '../../../src/policies/cache/process-store.ts'
import { type Body, bodyFrom, collect } from '../../../src/message/body.ts'
import { Exchange } from '../../../src/message/exchange.ts'
import { HeaderList } from '../../../src/message/headers.ts'
import { HttpRequest } from '../../../src/message/request.ts'
import { HttpResponse } from '../../../src/message/response.ts'
import { VirtualClock } from '../../../src/testing/virtual-clock.ts'

export type Fields = Readonly<Record<string, string>>

/** A request as the origin saw it. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: HeaderList
}

/** What the origin answers: the request's number begins at 1. */
export type Origin = (seen: Seen, number: number, exchange: Exchange) => HttpResponse | Promise<HttpResponse>

export interface Ask {
  readonly method?: string
  readonly headers?: Fields
  readonly body?: Body
}

export interface Rig {
  readonly clock: VirtualClock
  readonly store: ProcessStore
  readonly seen: Seen[]
  readonly outcomes: CacheOutcome[]
  readonly exchange: (path?: string, ask?: Ask) => Exchange
  readonly handle: (exchange: Exchange) => Promise<HttpResponse>
  readonly get: (path?: string, headers?: Fields) => Promise<HttpResponse>
  readonly ask: (path: string, ask: Ask) => Promise<HttpResponse>
}

export function answer(status: number, headers: Fields = {}, body: string | Body = ''): HttpResponse {
  return new HttpResponse(status, HeaderList.of(headers), typeof body === 'string' ? bodyFrom(body) : body)
}

/** A cache in front of an origin, on a clock that stands still. */
export function rig(origin: Origin, options: Partial<CacheOptions> = {}, clock = new VirtualClock()): Rig {
  const store = new ProcessStore()
  const seen: Seen[] = []
  const outcomes: CacheOutcome[] = []
  const onOutcome = (_exchange: Exchange, outcome: CacheOutcome): void => void outcomes.push(outcome)
  const policy = cache({ store, onOutcome, ...options })
  const handle = policy(async (exchange) => {
    const { method, scheme, authority, path, query, headers } = exchange.request
    const each = { method, url: `${scheme}://${authority.text}${path}${query}`, headers: headers.clone() }
    return origin(each, seen.push(each), exchange)
  })
  const make = (path = '/x', { method = 'GET', headers = {}, body }: Ask = {}): Exchange => {
    const url = path.startsWith('http') ? path : `http://a.example${path}`
    return new Exchange(HttpRequest.to(url, { method, headers, ...(body && { body }) }), clock)
  }
  const ask = (path: string, asked: Ask): Promise<HttpResponse> => handle(make(path, asked))
  const get = (path = '/x', headers: Fields = {}): Promise<HttpResponse> => ask(path, { headers })
  return { clock, store, seen, outcomes, exchange: make, handle, get, ask }
}

export async function textOf(response: HttpResponse): Promise<string> {
  return (await collect(response.body)).toString('latin1')
}

/** What Cache-Status says, without the name. */
export function statusOf({ headers }: HttpResponse): string | undefined {
  return headers.get('cache-status')?.replace(/^headgate; /, '')
}
