import { CHUNKED } from '../../../src/h1/framing.ts'
import type { Llhttp } from './llhttp.ts'
import type { Message } from './reader.ts'

/** A message that Headgate accepts and llhttp, strict, refuses or reads otherwise, on purpose. */
export interface Difference {
  readonly name: string
  readonly reason: string
  readonly applies: (message: Message, oracle: Llhttp, bytes: Buffer) => boolean
}

/** A method that llhttp does not know: it is shown PUT in its place, and must agree on all else. */
export const UNKNOWN_METHOD: Pick<Difference, 'name' | 'reason'> = {
  name: 'unknown-method',
  reason:
    'llhttp knows a closed list of methods. HTTP does not have one: a method is any token (RFC 9110 9.1), and what it means is for ' +
    'the origin to say. Headgate frames by the fields alone, so no method can change where a request ends.',
}

/** Whatever llhttp refuses and Headgate accepts is a finding, unless a row here says why it may. */
export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'blank-in-chunk-extension',
    reason:
      'A recipient MUST parse white space around the ";" and "=" of a chunk extension, and remove it (BWS, RFC 9112 7.1.1, RFC 9110 ' +
      '5.6.3). llhttp refuses it. Headgate throws extensions away, never forwards them, and ends their line at CRLF alone.',
    applies: ({ framing, start }, { refusal }, bytes) =>
      framing === CHUNKED &&
      refusal?.reason.startsWith('Invalid character in chunk extensions') === true &&
      /^[\da-f]+(?=;).*(?:[;=][ \t]|[ \t][;=])/im.test(bytes.toString('latin1', start)),
  },
  {
    name: 'later-minor-version',
    reason:
      'A message of a later minor version is processed as one of the latest that we know (RFC 9110 2.5, 6.2). llhttp knows no ' +
      'HTTP/1.2. Headgate forwards it as HTTP/1.1.',
    applies: ({ start }, { refusal }, bytes) =>
      refusal?.code === 'HPE_INVALID_VERSION' &&
      /^[^\r\n]*HTTP\/1\.[2-9]/.test(bytes.toString('latin1', start).trimStart()),
  },
  {
    name: 'framing-field-in-trailers',
    reason:
      'llhttp reads Content-Length and Transfer-Encoding among the trailers as if they stood in the head, and refuses the message. ' +
      'Headgate has framed the message by then, drops these fields (RFC 9110 6.5.1) and writes framing fields of its own.',
    applies: ({ framing, trailers }, { headed, refusal }) =>
      framing === CHUNKED &&
      headed &&
      FRAMING_FIELD.test(refusal?.code ?? '') &&
      !trailers?.has('content-length') &&
      !trailers?.has('transfer-encoding'),
  },
  {
    name: 'tab-behind-chunked',
    reason:
      'White space around a field value is not part of it, and HTAB is white space (RFC 9110 5.5, 5.6.3). llhttp strips SP behind ' +
      '"chunked", but for HTAB takes the coding for another one: it refuses the request, or reads the response until the end.',
    applies: ({ framing, start }, { headed, refusal }, bytes) =>
      framing === CHUNKED &&
      (refusal === undefined ? headed : refusal.code === 'HPE_INVALID_TRANSFER_ENCODING') &&
      /^transfer-encoding:[ \t]*chunked *\t[ \t]*\r$/im.test(bytes.toString('latin1', start)),
  },
  {
    name: 'proxy-connection',
    reason:
      'llhttp reads Proxy-Connection as if it were Connection. No RFC knows that field (RFC 9112 C.2.2 warns of it): Headgate drops ' +
      'it, and goes on with a connection that only this field asks to close.',
    applies: ({ fields }, { completed, keepAlive, refusal }) =>
      refusal === undefined && completed === 1 && !keepAlive && fields.has('proxy-connection'),
  },
]

const FRAMING_FIELD = /^HPE_(?:INVALID_CONTENT_LENGTH|UNEXPECTED_CONTENT_LENGTH|INVALID_TRANSFER_ENCODING)$/

/** The row for the refusal that the oracle holds, if there is one. */
export function listed(bytes: Buffer, message: Message, oracle: Llhttp): Difference | undefined {
  return DIFFERENCES.find((difference) => difference.applies(message, oracle, bytes))
}
