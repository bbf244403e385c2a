import { connectionNames, type FieldFilter, passesOn } from '../fields/hop-by-hop.ts'
import type { HeaderList } from '../message/headers.ts'
import { FIELD_VALUE } from '../message/tokens.ts'
import { type MalformedCode, WireFault } from './fault.ts'
import { parseFields } from './fields.ts'

/** What a chunked body may hold besides its data. */
export interface ChunkedLimits {
  /** Octets of all trailer fields. */
  readonly head: number
  readonly fields: number
}

/** Octets of chunk extensions in a whole body: they are ignored, so a lot of them is an attack (CVE-2023-39326). */
const EXTENSIONS_LIMIT = 4096
/** 13 hex digits stay below 2^53. */
const SIZE_DIGITS = 13

const CR = 0x0d
const LF = 0x0a

type State = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done'

/**
 * Decodes the chunked coding (RFC 9112 7.1), strictly: sizes are bare hex digits, lines end in CRLF, and nothing
 * stands between a chunk's data and its CRLF.
 */
export class ChunkedDecoder {
  trailers: HeaderList | undefined
  private state: State = 'size'
  private size = 0
  private digits = 0
  private extensionOctets = 0
  private trailerText = ''
  private readonly limits: ChunkedLimits
  private readonly malformed: MalformedCode
  private readonly connection: string | undefined

  /** @param connection the head's Connection value: it removes trailers as well (RFC 9110 7.6.1) */
  constructor(limits: ChunkedLimits, malformed: MalformedCode, connection?: string) {
    this.limits = limits
    this.malformed = malformed
    this.connection = connection
  }

  get done(): boolean {
    return this.state === 'done'
  }

  /** Takes octets from `start` on, hands data to `take`, and answers where the next message begins, or the chunk's end. */
  feed(chunk: Buffer, start: number, take: (data: Buffer) => void): number | WireFault {
    let position = start
    while (position < chunk.length && this.state !== 'done') {
      if (this.state === 'data') {
        const end = Math.min(chunk.length, position + this.size)
        take(chunk.subarray(position, end))
        this.size -= end - position
        position = end
        if (this.size === 0) this.state = 'data-cr'
      } else if (this.state === 'trailers') {
        const end = this.readTrailers(chunk, position)
        if (end instanceof WireFault) return end
        position = end
      } else {
        const fault = this.step(chunk[position] as number) // within the chunk
        if (fault !== undefined) return fault
        position++
      }
    }
    return position
  }

  /** One octet of a size line or of the CRLF after data. */
  private step(octet: number): WireFault | undefined {
    switch (this.state) {
      case 'size':
        return this.stepSize(octet)
      case 'extension':
        if (octet === CR) this.state = 'size-lf'
        else if (FIELD_VALUE[octet] === 0) return this.fault('a chunk extension holds a control character')
        else if (++this.extensionOctets > EXTENSIONS_LIMIT)
          return this.fault('the chunk extensions are too long')
        return undefined
      case 'size-lf':
        if (octet !== LF) return this.fault('CR without LF after a chunk size')
        this.state = this.size === 0 ? 'trailers' : 'data'
        return undefined
      case 'data-cr':
        if (octet !== CR) return this.fault('a chunk is longer than its size')
        this.state = 'data-lf'
        return undefined
      case 'data-lf':
        if (octet !== LF) return this.fault('CR without LF after chunk data')
        this.state = 'size'
        this.size = 0
        this.digits = 0
        return undefined
      default:
        return undefined
    }
  }

  private stepSize(octet: number): WireFault | undefined {
    const digit = hexDigit(octet)
    if (digit >= 0) {
      this.size = this.size * 16 + digit
      if (++this.digits > SIZE_DIGITS) return this.fault('a chunk size is too large')
      return undefined
    }
    if (this.digits === 0) return this.fault('a chunk has no size')
    if (octet === CR) this.state = 'size-lf'
    else if (octet === SEMICOLON) this.state = 'extension'
    else return this.fault(`a chunk size holds octet 0x${octet.toString(16)}`)
    return undefined
  }

  /** The trailer section ends with an empty line; without trailers it is only that. */
  private readTrailers(chunk: Buffer, start: number): number | WireFault {
    const before = this.trailerText.length
    const most = this.limits.head + 4 - before
    this.trailerText += chunk.toString('latin1', start, Math.min(chunk.length, start + most))
    const text = this.trailerText
    if (text.startsWith('\r\n')) {
      this.state = 'done'
      return start + 2 - before
    }
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) {
      if (text.length >= this.limits.head) return this.fault('the trailer fields are too large')
      if (/(?<!\r)\n/.test(text)) return this.fault('LF without CR in the trailer fields')
      return chunk.length
    }
    if (end + 4 > this.limits.head) return this.fault('the trailer fields are too large')
    const trailers = parseFields(
      text,
      Buffer.from(text, 'latin1'),
      0,
      end + 2,
      this.limits.fields,
      this.malformed,
    )
    if (trailers instanceof WireFault) return trailers
    const named = connectionNames(this.connection, TRAILER_FILTER.ownFields)
    const filter = named === undefined ? TRAILER_FILTER : { ...TRAILER_FILTER, named }
    trailers.retain((name) => !FORBIDDEN_TRAILERS.has(name) && passesOn(name, filter))
    this.trailers = trailers.size > 0 ? trailers : undefined
    this.state = 'done'
    return start + end + 4 - before
  }

  private fault(reason: string): WireFault {
    return new WireFault(this.malformed, `${reason} (RFC 9112 7.1)`)
  }
}

const SEMICOLON = 0x3b

function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30
  const lower = octet | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** Fields that change framing, routing, authentication or the meaning of content, too late (RFC 9110 6.5.1). */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set(
  `authorization cache-control connection content-encoding content-length content-range content-type cookie expect
forwarded host keep-alive max-forwards proxy-authorization proxy-connection range set-cookie te trailer
transfer-encoding upgrade via www-authenticate x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto
x-request-id`.split(/\s+/),
)

/** What ends at a connection, or is a claim or a variant of ours, ends in the trailers as it does in the head. */
const TRAILER_FILTER: FieldFilter = {
  dropXForwarded: true,
  dropForwarded: true,
  ownFields: new Set(),
  named: undefined,
}
