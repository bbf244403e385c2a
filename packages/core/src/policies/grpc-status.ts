import { EMPTY_BODY } from '../message/body.ts'
import { ERROR_FACTS, type ErrorCode, type TrafficError } from '../message/errors.ts'
import { HeaderList } from '../message/headers.ts'
import { HttpResponse } from '../message/response.ts'

// What a gRPC client makes of a status of HTTP ("HTTP to gRPC Status Code Mapping", doc/http-grpc-status-mapping.md of gRPC).
// A gateway that says it itself is understood by those, too, that look at grpc-status alone.

const UNKNOWN = 2
const DEADLINE_EXCEEDED = 4
const PERMISSION_DENIED = 7
const UNIMPLEMENTED = 12
const INTERNAL = 13
const UNAVAILABLE = 14
const UNAUTHENTICATED = 16

const BY_HTTP_STATUS: ReadonlyMap<number, number> = new Map([
  [400, INTERNAL],
  [401, UNAUTHENTICATED],
  [403, PERMISSION_DENIED],
  [404, UNIMPLEMENTED],
  [429, UNAVAILABLE],
  [502, UNAVAILABLE],
  [503, UNAVAILABLE],
  [504, UNAVAILABLE],
])

/** The gRPC status that stands for a failure. */
export function grpcStatus(code: ErrorCode): number {
  // The client's own deadline, or that of the route: not that the upstream is away.
  if (code === 'deadline_exceeded') return DEADLINE_EXCEEDED
  return BY_HTTP_STATUS.get(ERROR_FACTS[code].status) ?? UNKNOWN
}

/** Whether a request with this Content-Type is one of gRPC or gRPC-Web: `application/grpc`, with a suffix or without. */
export function isGrpc(contentType: string | undefined): contentType is string {
  return (
    contentType !== undefined &&
    /^application\/grpc(?:-web(?:-text)?)?(?:\+[\w.-]+)?[ \t]*(?:;|$)/i.test(contentType)
  )
}

/**
 * A failure as a response of gRPC without content ("Trailers-Only"): the status is in the head. As everywhere, the peer is
 * told no more than the kind of what was not its own doing.
 * @param contentType of the request
 */
export function grpcResponse(error: TrafficError, contentType: string): HttpResponse {
  const { title } = ERROR_FACTS[error.code]
  const detail = error.source === 'downstream' ? `${title}: ${error.message}` : title
  const headers = new HeaderList()
  headers.append('content-type', (contentType.split(';', 1)[0] ?? '').trim())
  headers.append('grpc-status', String(grpcStatus(error.code)))
  headers.append('grpc-message', percentEncoded(detail))
  headers.append('cache-control', 'no-store')
  if (error.retryAfter !== undefined)
    headers.append('retry-after', String(Math.ceil(error.retryAfter / 1000)))
  for (const [name, value] of error.fields ?? []) headers.append(name, value)
  return new HttpResponse(200, headers, EMPTY_BODY)
}

/** As gRPC wants its messages ("PROTOCOL-HTTP2", Status-Message): all but printable ASCII, and the percent sign itself. */
function percentEncoded(text: string): string {
  return text.replaceAll(/[^\x20-\x24\x26-\x7e]+/g, (part) =>
    Array.from(
      new TextEncoder().encode(part),
      (octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  )
}
