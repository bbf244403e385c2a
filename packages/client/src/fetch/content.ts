import { types } from 'node:util'
import { isDisturbed } from '../response/lazy-stream.ts'
import { stringOf } from './members.ts'
import { NO_CONTENT, type RequestContent, requestContent, streamContent } from '../request-body.ts'

/**
 * What `fetch` is given to send, as the standard extracts it (WHATWG Fetch 5.2): bytes are copied at the call, what is no body becomes
 * a string, and a stream needs `duplex: 'half'`.
 * @throws TypeError as the standard asks for
 */
export function extracted(
  body: unknown,
  duplex: unknown,
  keepalive: unknown,
  length: number | undefined,
): RequestContent {
  if (body === null) return NO_CONTENT
  if (body instanceof URLSearchParams || body instanceof FormData || body instanceof Blob)
    return requestContent(body)
  if (types.isAnyArrayBuffer(body)) return requestContent(new Uint8Array(body).slice())
  if (ArrayBuffer.isView(body)) return requestContent(copyOf(body))
  if (!isStream(body)) return requestContent(stringOf(body))
  if (duplex === undefined) throw new TypeError('RequestInit: duplex option is required when sending a body.')
  if (keepalive === true)
    throw new TypeError('a stream cannot be sent with keepalive: give a string or bytes')
  if (body instanceof ReadableStream && (body.locked || isDisturbed(body)))
    throw new TypeError('the stream to send is locked or was read from: what is left of it is not the whole')
  return streamContent(body, length)
}

function copyOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice()
}

function isStream(body: unknown): body is ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}
