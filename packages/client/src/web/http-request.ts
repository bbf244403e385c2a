import { type Body, canonicalPath, EMPTY_BODY, HeaderList, InvalidTarget, isHopByHop } from '@headgate/core'
import { requestContent } from '../request-body.ts'

/** What a request of the web platform says beside its origin. */
export interface HttpRequestParts {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: HeaderList
  readonly body: Body
}

/**
 * The parts of a request that code has made, for one that goes on in its place.
 * @throws TypeError if its path is one that has two readings, or its content was read already
 */
export function httpRequestParts(request: Request): HttpRequestParts {
  const { pathname, search } = new URL(request.url)
  const path = canonicalPath(pathname)
  if (path instanceof InvalidTarget)
    throw new TypeError(`the path of the request that was made ${path.reason}`)
  if (request.bodyUsed) throw new TypeError('the content of the request that was made was read already')
  const headers = new HeaderList()
  for (const [name, value] of request.headers)
    if (!isHopByHop(name) && name !== 'host') headers.append(name, value)
  const body = request.body === null ? EMPTY_BODY : requestContent(request.body).body
  return { method: request.method, path, query: search, headers, body }
}
