import { type HttpRequest, TrafficError, WholeBody } from '@headgate/core'
import { GraphqlRefusal, malformed } from './error-response.ts'

const FIRST_ROOM = 4096

/**
 * Has all of a request's body here, and the request carry it from then on: the octets that were judged are those that are
 * sent. At once, without a promise, where the body came together with the head.
 * @throws GraphqlRefusal if it is larger than `limit` octets; what broke the body
 */
export function readContent(request: HttpRequest, limit: number): WholeBody | Promise<WholeBody> {
  const { body } = request
  if ((body.length ?? 0) > limit) throw tooLarge(limit, body.length ?? 0)
  if (body.whole !== undefined) return body.whole
  return collected(request, limit)
}

/** Into one piece of memory that grows: a body that comes octet by octet takes no more than one that does not. */
function collected(request: HttpRequest, limit: number): Promise<WholeBody> {
  const { body } = request
  const { promise, resolve, reject } = Promise.withResolvers<WholeBody>()
  let room = Buffer.allocUnsafe(Math.min(body.length ?? FIRST_ROOM, limit, 64 * FIRST_ROOM))
  let size = 0
  body.flowTo({
    holdsNothing: true,
    write(chunk) {
      const needed = size + chunk.byteLength
      if (needed > limit) {
        const error = tooLarge(limit, needed)
        body.cancel(error)
        reject(error)
        return false
      }
      if (needed > room.length) {
        const larger = Buffer.allocUnsafe(Math.min(limit, Math.max(needed, room.length * 2)))
        room.copy(larger, 0, 0, size)
        room = larger
      }
      room.set(chunk, size)
      size = needed
      return true
    },
    end() {
      const whole = WholeBody.fromBytes(room.subarray(0, size))
      request.body = whole
      // Nobody waits for 100 any more (RFC 9110 10.1.1).
      request.headers.delete('expect')
      resolve(whole)
    },
    fail: (error) => reject(TrafficError.from(error)),
  })
  return promise
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws GraphqlRefusal if it is not UTF-8, or begins with a byte order mark */
export function textOf({ bytes }: WholeBody): string {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    throw malformed('the body is not UTF-8')
  }
  if (text.charCodeAt(0) === 0xfeff) throw malformed('the body begins with a byte order mark')
  return text
}

function tooLarge(limit: number, value: number): GraphqlRefusal {
  return new GraphqlRefusal('size', `the request is larger than the limit of ${limit} bytes`, {
    value,
    limit,
  })
}
