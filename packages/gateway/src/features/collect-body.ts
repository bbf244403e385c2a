import { type Body, type HttpRequest, TrafficError, WholeBody } from '@headgate/core'

const FIRST_ROOM = 4096

/**
 * Has all of a request's body here, and the request carry it from then on: the bytes that were looked at are those that are
 * sent. At once, without a promise, where the body came together with the head.
 * @param tooLarge makes the error for a body of so many bytes, or more
 * @throws that error for more than `limit` bytes; what broke the body
 */
export function collectBody(
  request: HttpRequest,
  limit: number,
  tooLarge: (size: number) => Error,
): WholeBody | Promise<WholeBody> {
  const { body } = request
  if ((body.length ?? 0) > limit) throw tooLarge(body.length ?? 0)
  return (
    body.whole ??
    collectContent(body, limit, tooLarge, (whole) => {
      request.body = whole
      // Nobody waits for 100 any more (RFC 9110 10.1.1).
      request.headers.delete('expect')
    })
  )
}

/**
 * Into one piece of memory that grows: a body that comes byte by byte takes no more than one that does not.
 * @param taken is given it before anybody else is
 */
export function collectContent(
  body: Body,
  limit: number,
  tooLarge: (size: number) => Error,
  taken: (whole: WholeBody) => void,
): Promise<WholeBody> {
  const { promise, resolve, reject } = Promise.withResolvers<WholeBody>()
  let room = Buffer.allocUnsafe(Math.min(body.length ?? FIRST_ROOM, limit, 64 * FIRST_ROOM))
  let size = 0
  body.flowTo({
    holdsNothing: true,
    write(chunk) {
      const needed = size + chunk.byteLength
      if (needed > limit) {
        const error = tooLarge(needed)
        body.cancel(TrafficError.from(error))
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
      taken(whole)
      resolve(whole)
    },
    fail: (error) => reject(TrafficError.from(error)),
  })
  return promise
}
