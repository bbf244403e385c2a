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
import { PREFIX_LENGTH } from '../message-frames.ts'

/** The flag of the last frame, which holds the trailers (PROTOCOL-WEB). */
const TRAILERS = 0x80

/** A response of gRPC as one of gRPC-Web. @param isText whether its content is to be base64 */
export function webResponse(response: HttpResponse, isText: boolean): HttpResponse {
  const { headers, body, status } = response
  const type = headers.get('content-type')
  if (!isGrpc(type)) return noGrpc(response)
  headers.put('content-type', webType(type, isText))
  // A status alone stays in the head, which is all that pages wait for then.
  if (status === 200 && !(headers.has('grpc-status') && body.length === 0)) {
    headers.delete('content-length')
    response.body = new WebContent(body, isText)
  }
  return response
}

function webType(type: string, isText: boolean): string {
  const suffix = /^[^;+]*(\+[\w.-]+)/.exec(type)?.[1] ?? ''
  return `application/grpc-web${isText ? '-text' : ''}${suffix}`
}

/** What is no gRPC, as the status that a client makes of it: a page could not read it as anything else. */
function noGrpc({ status, body, version }: HttpResponse): HttpResponse {
  body.cancel(new TrafficError('cancelled', 'the response is not one of gRPC'))
  const headers = new HeaderList()
  headers.append('content-type', 'application/grpc-web+proto')
  headers.append('grpc-status', String(GRPC_STATUSES.indexOf(statusFromHttp(status))))
  headers.append('grpc-message', encodeGrpcMessage(`the upstream answered ${status} without gRPC`))
  const answer = new HttpResponse(200, headers, EMPTY_BODY)
  answer.version = version
  return answer
}

/** Messages, and the trailers as the last frame. */
class WebContent extends RelayedBody {
  override readonly length: undefined = undefined
  private readonly isText: boolean

  constructor(inner: Body, isText: boolean) {
    super(inner)
    this.isText = isText
  }

  override write(chunk: Uint8Array): boolean {
    // Each part is padded by itself, so that no message waits for the next.
    return super.write(this.isText ? encoded(chunk) : chunk)
  }

  override end(trailers?: HeaderList): void {
    this.write(trailersFrame(trailers))
    super.end()
  }
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
