import { type CacheDirectives, NO_DIRECTIVES } from '../../fields/cache-control.ts'
import { collect, WholeBody } from '../../message/body.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { CacheRules } from './cache-rules.ts'
import { type KeyedRequest, type MakeKey, withContent } from './key.ts'
import { requestControl } from './reuse.ts'

/** What the client asks of this cache: nothing where that has no say. */
export function askedOf({ request }: Exchange, { ignoreRequestControl }: CacheRules): CacheDirectives {
  return ignoreRequestControl ? NO_DIRECTIVES : requestControl(request.headers)
}

/** The key of a request whose content is part of it: that is read, and stays with the request. */
export async function keyWithContent(exchange: Exchange, makeKey: MakeKey): Promise<KeyedRequest> {
  const { request } = exchange
  const { body } = request
  const whole: WholeBody = body.whole ?? WholeBody.fromBytes(await collect(body, body.length))
  request.body = whole
  const { key, query } = makeKey(exchange)
  return { key: withContent(key, request, whole.bytes), query }
}
