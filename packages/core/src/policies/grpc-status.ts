import { encodeGrpcMessage, GRPC_STATUSES, type GrpcStatus } from '../fields/grpc.ts'
import { EMPTY_BODY } from '../message/body.ts'
import { ERROR_FACTS, type ErrorCode, type TrafficError } from '../message/errors.ts'
import { HeaderList } from '../message/headers.ts'
import { HttpResponse } from '../message/response.ts'

/**
 * The gRPC status of each failure: that which clients make of its status of HTTP (doc/http-grpc-status-mapping.md of gRPC, and Envoy), so that
 * a client sees the same of any proxy. Other ones where doc/statuscodes.md has a status for just this: a passed deadline, what
 * is too large or too often, what was cancelled, what is not implemented, and our own faults. Nobody tries those again as if a
 * server were away.
 */
const STATUS_OF: Readonly<Record<ErrorCode, GrpcStatus>> = {
  malformed_request: 'INTERNAL',
  unsupported_version: 'INTERNAL',
  unsupported_method: 'UNIMPLEMENTED',
  unsupported_transfer_coding: 'UNIMPLEMENTED',
  unsupported_expectation: 'INTERNAL',
  request_head_too_large: 'RESOURCE_EXHAUSTED',
  request_target_too_long: 'RESOURCE_EXHAUSTED',
  request_body_too_large: 'RESOURCE_EXHAUSTED',
  unsupported_media_type: 'UNKNOWN',
  request_timeout: 'DEADLINE_EXCEEDED',
  downstream_closed: 'CANCELLED',
  downstream_too_slow: 'CANCELLED',
  client_certificate_refused: 'UNKNOWN',
  misdirected: 'UNKNOWN',
  route_not_found: 'UNIMPLEMENTED',
  method_not_allowed: 'UNIMPLEMENTED',
  deadline_exceeded: 'DEADLINE_EXCEEDED',
  loop_detected: 'INTERNAL',
  pool_queue_full: 'UNAVAILABLE',
  pool_queue_timeout: 'UNAVAILABLE',
  no_healthy_upstream: 'UNAVAILABLE',
  too_many_connections: 'UNAVAILABLE',
  shutting_down: 'UNAVAILABLE',
  cancelled: 'CANCELLED',
  internal: 'INTERNAL',
  dns_failed: 'UNAVAILABLE',
  connect_failed: 'UNAVAILABLE',
  connect_timeout: 'UNAVAILABLE',
  tls_failed: 'UNAVAILABLE',
  pin_mismatch: 'UNAVAILABLE',
  upgrade_unsupported: 'UNAVAILABLE',
  upstream_closed: 'UNAVAILABLE',
  upstream_timeout: 'UNAVAILABLE',
  upstream_too_slow: 'UNAVAILABLE',
  malformed_response: 'UNAVAILABLE',
  response_head_too_large: 'RESOURCE_EXHAUSTED',
  response_body_too_large: 'RESOURCE_EXHAUSTED',
  decompression_failed: 'INTERNAL',
  too_many_redirects: 'UNAVAILABLE',
  redirect_refused: 'UNAVAILABLE',
  proxy_failed: 'UNAVAILABLE',
  unexpected_status: 'UNAVAILABLE',
  invalid_content: 'INTERNAL',
  auth_failed: 'UNAVAILABLE',
  unauthorized: 'UNAUTHENTICATED',
  login_failed: 'UNAUTHENTICATED',
  forbidden: 'PERMISSION_DENIED',
  address_refused: 'PERMISSION_DENIED',
  circuit_open: 'UNAVAILABLE',
  rate_limited: 'RESOURCE_EXHAUSTED',
  concurrency_limited: 'UNAVAILABLE',
  overloaded: 'UNAVAILABLE',
  file_not_found: 'UNIMPLEMENTED',
  file_unreadable: 'INTERNAL',
  handler_failed: 'INTERNAL',
  graphql_refused: 'INTERNAL',
  validation_failed: 'INVALID_ARGUMENT',
  invalid_request: 'INTERNAL',
}

/** The gRPC status that stands for a failure. */
export function grpcStatus(code: ErrorCode): GrpcStatus {
  return STATUS_OF[code]
}

/**
 * The fields in which gRPC tells of a failure, in a head or as trailers. As everywhere, the peer is told no more than the kind of what was
 * not its own doing.
 */
export function addGrpcStatus(headers: HeaderList, error: TrafficError): void {
  const { title } = ERROR_FACTS[error.code]
  const detail = error.source === 'downstream' ? `${title}: ${error.message}` : title
  headers.append('grpc-status', String(GRPC_STATUSES.indexOf(STATUS_OF[error.code])))
  headers.append('grpc-message', encodeGrpcMessage(detail))
}

/**
 * A failure as a response of gRPC without content ("Trailers-Only"): the status is in the head.
 * @param contentType of the request
 */
export function grpcResponse(error: TrafficError, contentType: string): HttpResponse {
  const headers = new HeaderList()
  headers.append('content-type', (contentType.split(';', 1)[0] ?? '').trim())
  addGrpcStatus(headers, error)
  headers.append('cache-control', 'no-store')
  if (error.retryAfter !== undefined) {
    headers.append('retry-after', String(Math.ceil(error.retryAfter / 1000)))
    // What clients of gRPC wait for (gRFC A6); they know no Retry-After.
    headers.append('grpc-retry-pushback-ms', String(Math.ceil(error.retryAfter)))
  }
  for (const [name, value] of error.fields ?? []) headers.append(name, value)
  return new HttpResponse(200, headers, EMPTY_BODY)
}
