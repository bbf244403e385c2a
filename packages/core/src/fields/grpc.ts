import type { HttpResponse } from '../message/response.ts'

/** The statuses of gRPC, each at its number (doc/statuscodes.md of gRPC). */
export const GRPC_STATUSES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

export type GrpcStatus = (typeof GRPC_STATUSES)[number]

/** Whether a message with this Content-Type is one of gRPC or gRPC-Web: `application/grpc`, with a suffix or without. */
export function isGrpc(contentType: string | undefined): contentType is string {
  return (
    contentType !== undefined &&
    /^application\/grpc(?:-web(?:-text)?)?(?:\+[\w.-]+)?[ \t]*(?:;|$)/i.test(contentType)
  )
}

/** Whether a message of gRPC is one of gRPC-Web, whose trailers are the end of its content. */
export function isGrpcWeb(contentType: string): boolean {
  return /^application\/grpc-web/i.test(contentType)
}

/**
 * Whether a server may take a message for one of gRPC, bytes of messages with their prefixes. Those of grpc-js look at the beginning of the
 * field alone, and those of grpc-go at each line of it: what a limit must hold for is more than what is well-formed.
 */
export function mayBeGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /(?:^|,)[ \t]*application\/grpc(?!-web-text)/i.test(contentType)
}

/** The status that a `grpc-status` tells; `UNKNOWN`, as for clients, for what is none. Undefined where there is no such field. */
export function parseGrpcStatus(value: string | undefined): GrpcStatus | undefined {
  if (value === undefined) return undefined
  return (/^\d{1,3}$/.test(value) ? GRPC_STATUSES[Number(value)] : undefined) ?? 'UNKNOWN'
}

/** The status of a response that is nothing else ("Trailers-Only" in PROTOCOL-HTTP2); undefined for any other response. */
export function trailersOnlyStatus({ headers, body }: HttpResponse): GrpcStatus | undefined {
  const status = parseGrpcStatus(headers.get('grpc-status'))
  return status !== undefined && body.length === 0 && isGrpc(headers.get('content-type')) ? status : undefined
}

/**
 * The status of HTTP that each of gRPC is (google/rpc/code.proto), but for two that say more of the client than of the server. Were
 * DEADLINE_EXCEEDED a failure of the server, clients that wait for a millisecond could have it left alone for all; and
 * UNIMPLEMENTED is what 404 means to a client of gRPC.
 */
const AS_HTTP: Readonly<Record<GrpcStatus, number>> = {
  OK: 200,
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 408,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 404,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
}

/** The status by which a response is judged: its own, or that which its gRPC status stands for where it has nothing else. */
export function judgedStatus(response: HttpResponse): number {
  const { status } = response
  if (status !== 200 || !response.headers.has('grpc-status')) return status
  const told = trailersOnlyStatus(response)
  return told === undefined ? status : AS_HTTP[told]
}

/** "HTTP to gRPC Status Code Mapping" (doc/http-grpc-status-mapping.md of gRPC). */
const FROM_HTTP: ReadonlyMap<number, GrpcStatus> = new Map([
  [400, 'INTERNAL'],
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'UNIMPLEMENTED'],
  [429, 'UNAVAILABLE'],
  [502, 'UNAVAILABLE'],
  [503, 'UNAVAILABLE'],
  [504, 'UNAVAILABLE'],
])

/** What a client of gRPC makes of a response without a status of gRPC. */
export function statusFromHttp(status: number): GrpcStatus {
  return FROM_HTTP.get(status) ?? 'UNKNOWN'
}

/**
 * For how long the server asks to be left alone before another try (`grpc-retry-pushback-ms`, gRFC A6), in milliseconds; Infinity for
 * ever, which anything but a number from 0 says. Undefined where it asks for nothing.
 */
export function parsePushback(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  return /^\d{1,10}$/.test(value) ? Number(value) : Infinity
}

/** As gRPC wants its messages ("Status-Message" in PROTOCOL-HTTP2): all but printable ASCII is encoded, and the percent sign itself. */
export function encodeGrpcMessage(text: string): string {
  return text.replaceAll(/[^\x20-\x24\x26-\x7e]+/g, (part) =>
    Array.from(
      new TextEncoder().encode(part),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  )
}
