import { GRPC_STATUSES, parseGrpcStatus } from '../../fields/grpc.ts'
import { collectWithTrailers } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import type { HttpResponse } from '../../message/response.ts'

/** It says of itself, or of one of its services, that it is serving (grpc.health.v1). */
export interface GrpcProbe {
  readonly kind: 'grpc'
  /** The service that is asked after; the server as a whole by default. */
  readonly service?: string | undefined
  /** For `:authority`; the endpoint's own name by default. */
  readonly host?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What is called. */
export const HEALTH_CHECK = '/grpc.health.v1.Health/Check'

/** A HealthCheckRequest, in its frame: a field of text, number 1, which is left out where it is empty (proto3). */
export function healthRequest(service = ''): Uint8Array {
  const name = Buffer.from(service)
  const field = name.length === 0 ? [] : [TEXT_1, ...varint(name.length)]
  const frame = Buffer.alloc(PREFIX + field.length + name.length)
  frame.writeUInt32BE(field.length + name.length, 1)
  frame.set(field, PREFIX)
  frame.set(name, PREFIX + field.length)
  return frame
}

/** A flag, and the length of the message. */
const PREFIX = 5
/** The number of a field, and that its value is a number or has a length (encoding of protobuf). */
const NUMBER_1 = 0x08
const TEXT_1 = 0x0a

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)]
}

/** Of a ServingStatus. */
const SERVING = 1
const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const

/** More than any answer has. Bytes. */
const MOST = 4_096

/**
 * Why a server is not well by what it returned; undefined if it is. Rejects with what broke its response.
 * @param service that was asked after; undefined for the server as a whole
 */
export async function whyNotServing(response: HttpResponse, service?: string): Promise<string | undefined> {
  const { status, headers, body } = response
  if (status !== 200) {
    body.cancel(new TrafficError('cancelled', 'the status has told enough'))
    return `it answered ${status} to ${HEALTH_CHECK}`
  }
  const { content, trailers } = await collectWithTrailers(body, MOST)
  const call = parseGrpcStatus(trailers?.get('grpc-status') ?? headers.get('grpc-status'))
  if (call === undefined) return `it answered ${HEALTH_CHECK} without a status of gRPC: does it speak gRPC?`
  if (call === 'NOT_FOUND') return `it answered NOT_FOUND to ${HEALTH_CHECK}: ${notKnown(service)}`
  if (call !== GRPC_STATUSES[0]) return `it answered ${call} to ${HEALTH_CHECK}`
  const serving = servingStatus(content)
  return serving === SERVING ? undefined : `it is ${SERVING_STATUSES[serving ?? 0] ?? 'UNKNOWN'}`
}

function notKnown(service: string | undefined): string {
  return service === undefined
    ? 'it does not tell of the server as a whole; ask after a service (health.grpc.service)'
    : `it knows no service ${service}`
}

/** That of a HealthCheckResponse, whose only field is a number, number 1; 0, where it is left out, and undefined for what is none. */
function servingStatus(content: Buffer): number | undefined {
  const isWhole = content.length >= PREFIX && content.readUInt32BE(1) === content.length - PREFIX
  // What is compressed was not asked for.
  if (!isWhole || content[0] !== 0) return undefined
  if (content.length === PREFIX) return 0
  const [key, value] = content.subarray(PREFIX)
  return key === NUMBER_1 && content.length === PREFIX + 2 ? value : undefined
}
