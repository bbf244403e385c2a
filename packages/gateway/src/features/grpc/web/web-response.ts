import {
  type Body,
  EMPTY_BODY,
  encodeGrpcMessage,
  GRPC_STATUSES,
  HeaderList,
  HttpResponse,
  isGrpc,
  RelayedBody,
  statusFromHttp,
  TrafficError,
} from '@headgate/core'
import { MessageFrames, PREFIX_LENGTH } from '../message-frames.ts'
import { STATUS_FIELDS } from './cors.ts'

/** The flag of the last frame, which holds the trailers (PROTOCOL-WEB). */
const TRAILERS = 0x80

/** A response of gRPC as one of gRPC-Web. @param isText whether its content is to be base64 */
export function webResponse(response: HttpResponse, isText: boolean): HttpResponse {
  const { headers, body, status } = response
  const type = headers.get('content-type')
  if (!isGrpc(type)) return noGrpc(response, isText)
  headers.put('content-type', webType(type, isText))
  // A status alone stays in the head, which is all that pages wait for then.
  if (status === 200 && !(headers.has('grpc-status') && body.length === 0)) {
    headers.delete('content-length')
    response.body = new WebContent(body, statusIn(headers), isText)
  }
  return response
}

/** Takes a status out of a head that more comes behind: pages would take it for that of the call. */
function statusIn(headers: HeaderList): HeaderList | undefined {
  if (!headers.has('grpc-status')) return undefined
  const status = new HeaderList()
  for (const name of STATUS_FIELDS) {
    const value = headers.get(name)
    if (value === undefined) continue
    status.add(name, value)
    headers.delete(name)
  }
  return status
}

function webType(type: string, isText: boolean): string {
  const suffix = /^[^;+]*(\+[\w.-]+)/.exec(type)?.[1] ?? ''
  return `application/grpc-web${isText ? '-text' : ''}${suffix}`
}

/** What is no gRPC, as the status that a client makes of it: a page could not read it as anything else. */
function noGrpc({ status, body, version }: HttpResponse, isText: boolean): HttpResponse {
  body.cancel(new TrafficError('cancelled', 'the response is not one of gRPC'))
  const headers = new HeaderList()
  headers.append('content-type', webType('application/grpc+proto', isText))
  headers.append('grpc-status', String(GRPC_STATUSES.indexOf(statusFromHttp(status))))
  headers.append('grpc-message', encodeGrpcMessage(`the upstream answered ${status} without gRPC`))
  const answer = new HttpResponse(200, headers, EMPTY_BODY)
  answer.version = version
  return answer
}

/** Messages, and the trailers as the last frame. Within a message they would be read as a part of it, so that such content breaks instead. */
class WebContent extends RelayedBody {
  override readonly length: undefined = undefined
  private readonly frames = new MessageFrames({ message: () => {} })
  private readonly isText: boolean
  /** What the head has told, which holds where nothing else comes. */
  private told: HeaderList | undefined

  constructor(inner: Body, told: HeaderList | undefined, isText: boolean) {
    super(inner)
    this.told = told
    this.isText = isText
  }

  override write(chunk: Uint8Array): boolean {
    this.told = undefined
    this.frames.read(chunk)
    return this.pass(chunk)
  }

  override end(trailers?: HeaderList): void {
    if (!this.frames.isBetween) return this.fail(endedWithin())
    this.pass(trailersFrame(trailers?.has('grpc-status') === true ? trailers : (this.told ?? trailers)))
    super.end()
  }

  private pass(chunk: Uint8Array): boolean {
    // Each part is padded by itself, so that no message waits for the next.
    return super.write(this.isText ? encoded(chunk) : chunk)
  }
}

function endedWithin(): TrafficError {
  const message = 'the content of a response of gRPC ended within a message'
  return new TrafficError('malformed_response', message, { phase: 'response-body' })
}

function encoded(chunk: Uint8Array): Buffer {
  const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('base64')
  return Buffer.from(text, 'latin1')
}

/** As lines of HTTP/1.1, names in lower case, without the empty one at the end. */
function trailersFrame(trailers: HeaderList | undefined): Buffer {
  let lines = ''
  for (const { name, value } of trailers ?? []) lines += `${name}: ${value}\r\n`
  if (trailers?.has('grpc-status') !== true) lines += 'grpc-status: 2\r\n'
  const frame = Buffer.alloc(PREFIX_LENGTH + lines.length)
  frame[0] = TRAILERS
  frame.writeUInt32BE(lines.length, 1)
  frame.write(lines, PREFIX_LENGTH, 'latin1')
  return frame
}
