import {
  type Body,
  bodyFrom,
  type Exchange,
  HeaderList,
  HttpResponse,
  StreamBody,
  TrafficError,
} from '@headgate/core'
import type { AdminAnswer } from '../admin-api/operation.ts'

/**
 * The response that an answer becomes.
 * @param exchange undefined if the request could not be read
 * @param body what is sent, if it is not the text of the answer as it is
 */
export function responseOf(
  { status, type, body: text, headers }: AdminAnswer,
  exchange: Exchange | undefined,
  body: Body = bodyFrom(text),
): HttpResponse {
  const fields = HeaderList.of({
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  // The length is that of the response to GET (RFC 9110 8.6).
  if (exchange?.request.method === 'HEAD' && body.length !== undefined)
    fields.set('content-length', String(body.length))
  return new HttpResponse(status, fields, body)
}

/** Bytes that are handed to the connection at a time. */
const SLICE = 64 * 1024

/**
 * A text as a body whose reader has `limit` milliseconds for all of it, however steadily it reads: then the connection is cut off.
 * One that is written at once is the connection's affair.
 */
export function timedText(text: string, exchange: Exchange, limit: number): Body {
  const bytes = Buffer.from(text)
  if (bytes.length <= SLICE) return bodyFrom(bytes)
  let next = 0
  const body = new StreamBody(bytes.length, {
    resumeBody() {
      let room = true
      while (room && next < bytes.length) {
        const slice = bytes.subarray(next, (next += SLICE))
        room = body.push(slice)
      }
      if (next >= bytes.length) body.end()
    },
    cancelBody() {},
  })
  const timer = exchange.clock.timer(() =>
    body.fail(new TrafficError('downstream_too_slow', `the response was not read within ${limit} ms`)),
  )
  timer.arm(limit)
  exchange.onFinish(() => timer.disarm())
  return body
}
