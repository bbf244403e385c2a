import { KEY_NAME_LENGTH } from '../features/tls/session-tickets.ts'

/** What the first bytes of a connection are, which should begin a handshake of TLS. */
export type FirstBytes =
  /** Of a ClientHello that goes on. */
  | { readonly kind: 'unfinished' }
  /** No ClientHello, or a malformed one: OpenSSL says so to the client. */
  | { readonly kind: 'other' }
  | ClientHello

export interface ClientHello {
  readonly kind: 'hello'
  readonly serverName: string | undefined
  /** Whether an authority looks for the answer to a challenge (RFC 8737): it offers that protocol, and no other. */
  readonly isChallenge?: true
  /** The name of the key that the client's session ticket was made with, if it has one, and if it is one of ours. */
  readonly ticketKey?: string
}

const UNFINISHED: FirstBytes = { kind: 'unfinished' }
const OTHER: FirstBytes = { kind: 'other' }

/** The record that carries a handshake, and the message in it that begins one (RFC 8446 5.1, 4). */
const HANDSHAKE = 22
const CLIENT_HELLO = 1
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
/** A record holds no more (RFC 8446 5.1). */
const LARGEST_RECORD = 16_384
/** Of a ClientHello: ten times as much as those of browsers with keys that are safe from quantum computers. Bytes. */
const LARGEST_HELLO: number = 32 * 1024

/** Clients make one or two. */
const MOST_RECORDS = 16

/** Of a name, the only kind there is (RFC 6066 3). */
const SERVER_NAME = 0
const HOST_NAME = 0
/** The protocols that a client offers (ALPN, RFC 7301 3.1), and the list with `acme-tls/1` alone in it. */
const PROTOCOLS = 16
const CHALLENGE = Buffer.from('\x00\x0b\x0aacme-tls/1', 'latin1')

/** Where the ticket of a session is: by itself, up to TLS 1.2, and as the first of a list (RFC 5077 3.2, RFC 8446 4.2.11). */
const SESSION_TICKET = 35
const PRE_SHARED_KEY = 41
const BEFORE_IDENTITY = 4

/**
 * Finds the name that a client asks for (SNI). It is asked anew with each piece that comes, so its work is bounded: a ClientHello in
 * more records than any client makes of it is none here.
 */
export function readFirstBytes(bytes: Buffer): FirstBytes {
  const { message, isOver } = handshakeBytes(bytes)
  const rest = isOver ? OTHER : UNFINISHED
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return OTHER
  if (message.length < MESSAGE_HEADER) return rest
  const whole = MESSAGE_HEADER + message.readUIntBE(1, 3)
  if (whole > LARGEST_HELLO) return OTHER
  return message.length < whole ? rest : helloIn(message.subarray(MESSAGE_HEADER, whole))
}

/** What the records hold, as far as it is here; `isOver`: what comes behind is of no handshake, as early data is not. */
function handshakeBytes(bytes: Buffer): { readonly message: Buffer; readonly isOver: boolean } {
  const fragments: Buffer[] = []
  let isOver = false
  for (let at = 0; at < bytes.length; ) {
    // The first byte tells already whether that is TLS.
    isOver = bytes[at] !== HANDSHAKE || fragments.length === MOST_RECORDS
    if (isOver || bytes.length - at < RECORD_HEADER) break
    const size = bytes.readUInt16BE(at + 3)
    isOver = bytes[at + 1] !== 3 || size === 0 || size > LARGEST_RECORD
    if (isOver) break
    fragments.push(bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + size))
    at += RECORD_HEADER + size
  }
  const [first, ...others] = fragments
  const message = first === undefined || others.length > 0 ? Buffer.concat(fragments) : first
  return { message, isOver }
}

/** In a whole message (RFC 8446 4.1.2): what does not fit together is malformed. */
function helloIn(hello: Buffer): FirstBytes {
  const sessionId = 2 + 32
  const suites = skip(hello, sessionId, 1)
  const compressions = skip(hello, suites, 2)
  const extensions = skip(hello, compressions, 1)
  if (extensions > hello.length) return OTHER
  // As clients of TLS 1.2 may have none.
  if (extensions === hello.length) return { kind: 'hello', serverName: undefined }
  const end = skip(hello, extensions, 2)
  if (end !== hello.length) return OTHER
  let found: FirstBytes = { kind: 'hello', serverName: undefined }
  let isNamed = false
  let isChallenge = false
  let ticketKey: string | undefined
  for (let at = extensions + 2; at < end; ) {
    const next = skip(hello, at + 2, 2)
    if (next > end) return isNamed ? found : OTHER
    const type = hello.readUInt16BE(at)
    const content = hello.subarray(at + 4, next)
    if (type === SERVER_NAME && !isNamed) {
      found = nameIn(content)
      isNamed = true
    } else if (type === PROTOCOLS) isChallenge = content.equals(CHALLENGE)
    else if (type === SESSION_TICKET) ticketKey ??= keyNameAt(content, 0)
    else if (type === PRE_SHARED_KEY) ticketKey = keyNameAt(content, BEFORE_IDENTITY)
    at = next
  }
  if (found.kind !== 'hello' || (!isChallenge && ticketKey === undefined)) return found
  return { ...found, ...(isChallenge && { isChallenge }), ...(ticketKey !== undefined && { ticketKey }) }
}

function keyNameAt(content: Buffer, at: number): string | undefined {
  const end = at + KEY_NAME_LENGTH
  return end > content.length ? undefined : content.toString('latin1', at, end)
}

/** Of the list of names, the first counts, as it does for OpenSSL. */
function nameIn(list: Buffer): FirstBytes {
  if (skip(list, 0, 2) !== list.length || list[2] !== HOST_NAME) return OTHER
  const end = skip(list, 3, 2)
  return end > list.length ? OTHER : { kind: 'hello', serverName: list.toString('latin1', 5, end) }
}

/** Where what has its length in so many bytes ends; beyond the end of the bytes where it does not fit in. */
function skip(bytes: Buffer, at: number, size: 1 | 2): number {
  if (at + size > bytes.length) return Number.MAX_SAFE_INTEGER
  return at + size + bytes.readUIntBE(at, size)
}
