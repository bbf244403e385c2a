import { webSocketAccept } from '../fields/websocket.ts'
import type { HttpRequest } from '../message/request.ts'
import { HttpResponse, type Tunnel } from '../message/response.ts'
import { WireFault } from './fault.ts'
import {
  type Framing,
  isPersistent,
  mayBringContent,
  NO_BODY,
  responseFraming,
  UNTIL_CLOSE,
} from './framing.ts'
import type { HeadLimits } from '../message/head-limits.ts'
import { ControlFields, parseResponseHead, type ResponseHead } from './head.ts'
import type { FoundHead } from './head-buffer.ts'
import { isAskedFor } from './upgrade.ts'

/** A response that was accepted at the door, and what its connection must know of it. */
export interface ResponseIntake extends ResponseHead {
  /** Undefined for 1xx, which another head follows. */
  readonly framing: Framing | undefined
  /** Whether the upstream lets the connection live on. */
  readonly persistent: boolean
  /** How long, and for how many exchanges, as the upstream says in Keep-Alive. */
  readonly keepAlive: string | undefined
}

/**
 * Checks the head of a response to `request`: what a connection does next, or why it can do nothing with it.
 * @param webSocketKey one of ours, for which nobody else can look whether it was seen
 */
export function takeInResponse(
  found: FoundHead,
  request: HttpRequest,
  limits: HeadLimits,
  webSocketKey?: string,
): ResponseIntake | WireFault {
  const head = parseResponseHead(found, limits)
  if (head instanceof WireFault) return head
  const { status, reason, version, headers } = head
  if (status === 101 && !isAskedFor(headers.get('upgrade'), request.upgrade)) {
    return new WireFault('malformed_response', '101 to a protocol that was not asked for (RFC 9110 15.2.2)')
  }
  if (status === 101 && webSocketKey !== undefined) {
    if (headers.get('sec-websocket-accept') !== webSocketAccept(webSocketKey))
      return new WireFault('malformed_response', '101 without the accept of the WebSocket key (RFC 6455 4.1)')
    headers.delete('sec-websocket-accept')
  }
  const fields = new ControlFields(headers, version)
  const framing = responseFraming(fields, request.method, status)
  if (framing instanceof WireFault) return framing
  // Its fields frame nothing, but where they contradict each other another reader may look for a body.
  if (status < 200)
    return { status, reason, version, headers, framing: undefined, persistent: true, keepAlive: undefined }
  const persistent =
    framing !== UNTIL_CLOSE &&
    isPersistent(version, headers) &&
    !(framing === NO_BODY && mayBringContent(fields, request.method, status))
  const keepAlive = persistent ? headers.get('keep-alive') : undefined
  return { status, reason, version, headers, framing, persistent, keepAlive }
}

/** The response with this head; its body is still to come. */
export function responseOf(
  { status, headers, reason, version }: ResponseIntake,
  tunnel?: Tunnel,
): HttpResponse {
  const response = new HttpResponse(status, headers, undefined, tunnel)
  response.reason = reason
  response.version = version
  return response
}
