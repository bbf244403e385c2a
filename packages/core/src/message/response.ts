import { type Body, type BodySink, EMPTY_BODY } from './body.ts'
import { HeaderList } from './headers.ts'
import type { HttpVersion } from './request.ts'

/** Both directions of a connection that has switched protocols (RFC 9110 7.8): bytes, no messages. */
export interface Tunnel {
  /** What the peer sends. */
  readonly incoming: Body
  /** What the peer is sent. */
  readonly outgoing: BodySink
  /** Called when `outgoing` has room again after `write` answered false. */
  onDrain(listener: () => void): void
  /** Called when the connection is gone: nothing that is written reaches the peer any more. */
  onGone(listener: () => void): void
}

/** A response. `tunnel` is there when, and only when, the status is 101. */
export class HttpResponse {
  status: number
  headers: HeaderList
  body: Body
  /** The reason phrase as it came, for whoever shows it: it means nothing (RFC 9112 section 4), and is not sent on. Undefined off the wire. */
  reason: string | undefined = undefined
  /** The version that the sender spoke; of a response that is made here, 1.1. */
  version: HttpVersion = '1.1'
  readonly tunnel: Tunnel | undefined

  constructor(
    status: number,
    headers: HeaderList = new HeaderList(),
    body: Body = EMPTY_BODY,
    tunnel?: Tunnel,
  ) {
    this.status = status
    this.headers = headers
    this.body = body
    this.tunnel = tunnel
  }
}

/** The status that three digits at `start` of `text` are; undefined if they are none from 100 to `most` (RFC 9110 15). */
export function statusAt(text: string, start: number, most: number = 599): number | undefined {
  let status = 0
  for (let index = start; index < start + 3; index++) {
    const digit = text.charCodeAt(index) - 0x30
    if (!(digit >= 0 && digit <= 9)) return undefined
    status = status * 10 + digit
  }
  return status >= 100 && status <= most ? status : undefined
}

/** Responses that never have content, whatever their fields say (RFC 9112 6.3 rule 1). */
export function hasNoContent(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || status < 200
}
