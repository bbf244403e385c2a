import { type TrafficError, unsendable } from '../message/errors.ts'
import type { HeaderList } from '../message/headers.ts'

const HTAB = 0x09
const LF = 0x0a
const CR = 0x0d
const DEL = 0x7f

/** More than any head that may be read, which is 1 MiB at the most, with room for what policies add and quote. Bytes. */
const LARGEST = 4 * 1024 * 1024

/** What every head is turned into bytes in: a head is written in one go, so no two are in here at a time. Grows to what is needed. */
let bytes = Buffer.allocUnsafeSlow(256 * 1024)

function growTo(size: number): void {
  let larger = bytes.length
  while (larger < size) larger *= 2
  bytes = Buffer.allocUnsafeSlow(larger)
}

/** The end of a line and the name of the next: joined once for a name, as joining is what most of a head's time went to. */
const lineStarts = new Map<string, string>()
/** Names in use are few, forged ones many. */
const KNOWN_LIMIT = 1024
/** Longer ones are not worth keeping. */
const LONGEST = 64

function lineStart(name: string): string {
  let start = lineStarts.get(name)
  if (start === undefined) {
    start = Buffer.from(`\r\n${name}: `, 'latin1').toString('latin1')
    if (lineStarts.size >= KNOWN_LIMIT) lineStarts.clear()
    if (name.length <= LONGEST) lineStarts.set(name, start)
  }
  return start
}

/**
 * A message head under construction: one start line, then fields. `finish` takes the last look before the socket, at the very
 * bytes that will be sent: as many line ends as lines were added, each of them CRLF, and no other control character. So
 * nothing that code put into a value can end a line early or begin another (response splitting, CWE-113).
 */
export class HeadText {
  private text: string
  private lines = 1

  constructor(startLine: string) {
    this.text = startLine
  }

  field(name: string, value: string): void {
    this.text += lineStart(name) + value
    this.lines++
  }

  /** All fields but those that describe one connection and its framing: the writer makes these itself. */
  fields(headers: HeaderList): void {
    for (let index = 0; index < headers.size; index++) {
      const line = headers.lineAt(index)
      if (isWritersOwn(line.name)) continue
      // Most lines that come over HTTP/2, and all that we add ourselves, stand in many messages.
      this.text += line.text ??= lineStart(line.name) + line.value
      this.lines++
    }
  }

  /**
   * The head, one byte a character, followed by `body`, which is taken as it is.
   * @throws TrafficError `internal` if a line holds what no line may
   */
  finish(body: string = ''): string {
    const length = this.text.length + 4
    const size = length + body.length
    if (size > bytes.length) {
      if (size > LARGEST) throw unsafe('is too large')
      growTo(size)
    }
    // With the body, since what is joined here is flattened here: once, and not again for the socket.
    const message = this.text + ('\r\n\r\n' + body)
    // Looked at as bytes: in a buffer that takes 0.2 µs for 300 of them, in the string that was just joined 2 µs.
    bytes.write(message, 0, 'latin1')
    let lineEnds = 0
    for (let index = 0; index < length; index++) {
      const byte = bytes[index] as number // within the buffer
      if (byte >= 0x20 ? byte !== DEL : byte === HTAB) continue
      if (byte !== CR || bytes[index + 1] !== LF) throw unsafe(`holds byte 0x${byte.toString(16)}`)
      lineEnds++
      index++
    }
    if (lineEnds !== this.lines + 1) throw unsafe('holds a line break')
    return message
  }
}

/** Never copied from a list: what a connection does decides them (RFC 9110 7.6.1, RFC 9112 section 6). */
function isWritersOwn(name: string): boolean {
  return (
    name === 'connection' ||
    name === 'content-length' ||
    name === 'transfer-encoding' ||
    name === 'upgrade' ||
    name === 'host'
  )
}

function unsafe(what: string): TrafficError {
  return unsendable(`a head to be written ${what}`, 'set fields through HeaderList.set')
}
