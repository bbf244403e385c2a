import { prefersJson } from '../fields/media.ts'
import { bodyFrom } from '../message/body.ts'
import { ERROR_FACTS, TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Policy } from '../message/handler.ts'
import { isGrpc } from '../fields/grpc.ts'
import { grpcResponse } from './grpc-status.ts'
import { HeaderList } from '../message/headers.ts'
import { HttpResponse } from '../message/response.ts'

/** Turns a failure into the response that stands for it: nothing behind this policy rejects. */
export function problem(): Policy {
  return (next) =>
    function problem(exchange) {
      const failed = (thrown: unknown): HttpResponse => {
        const error = TrafficError.from(thrown)
        exchange.error = error
        return problemResponse(error, exchange)
      }
      try {
        return next(exchange).catch(failed)
      } catch (thrown) {
        return Promise.resolve(failed(thrown)) // thrown at once, as plain JavaScript may
      }
    }
}

/**
 * A failure as problem details (RFC 9457) or plain text, as Accept prefers, or as a gRPC status where the request is gRPC's. A peer is told what it did wrong; of what went
 * wrong here or upstream it is told the kind only, never a cause or an address.
 */
export function problemResponse(error: TrafficError, exchange: Exchange | undefined): HttpResponse {
  const asked = exchange?.request.headers.get('content-type')
  if (isGrpc(asked)) return grpcResponse(error, asked)
  const { title, status } = ERROR_FACTS[error.code]
  const detail = error.source === 'downstream' ? error.message : undefined
  const headers = new HeaderList()
  let content: string
  if (prefersJson(exchange?.request.headers.get('accept'))) {
    headers.append('content-type', 'application/problem+json')
    const instance = exchange?.id ? `urn:request:${exchange.id}` : undefined
    content = JSON.stringify({
      type: `urn:headgate:${error.code}`,
      title,
      status,
      detail,
      instance,
      ...error.members,
    })
  } else {
    headers.append('content-type', 'text/plain; charset=utf-8')
    content = `${status} ${title}${detail === undefined ? '' : `: ${detail}`}\n`
  }
  headers.append('cache-control', 'no-store')
  if (error.retryAfter !== undefined)
    headers.append('retry-after', String(Math.ceil(error.retryAfter / 1000)))
  for (const [name, value] of error.fields ?? []) headers.append(name, value)
  if (error.allow !== undefined) headers.append('allow', error.allow.join(', '))
  return new HttpResponse(status, headers, bodyFrom(content))
}
