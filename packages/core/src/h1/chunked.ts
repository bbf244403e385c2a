import type { HeaderList } from '../message/headers.ts'
import { ChunkExtensions } from './chunk-extensions.ts'
import { type MalformedCode, WireFault } from './fault.ts'
import { type TrailerLimits, TrailerSection } from './trailers.ts'

/** What a chunked body may hold besides its data. */
export type ChunkedLimits = TrailerLimits

/** 13 hex digits stay below 2^53. */
const SIZE_DIGITS = 13
/** Data up to this size is moved byte by byte: a call costs more. */
const SHORT_DATA = 32

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b

// Numbers, as each byte of the framing is looked at by its state.
const SIZE = 0
const EXTENSION = 1
const SIZE_LF = 2
const DATA_CR = 3
const DATA_LF = 4
const DATA = 5
const TRAILERS = 6
type State =
  | typeof SIZE
  | typeof EXTENSION
  | typeof SIZE_LF
  | typeof DATA_CR
  | typeof DATA_LF
  | typeof DATA
  | typeof TRAILERS

/**
 * Decodes the chunked coding (RFC 9112 7.1), strictly: sizes are bare hex digits, lines end in CRLF, and nothing
 * stands between a chunk's data and its CRLF. All data of a read is passed on as one piece, whatever number of chunks it
 * came in: what happens to a piece costs a thousand times what a byte costs, and a peer may make each byte a chunk.
 */
export class ChunkedDecoder {
  /** Whether the body, with its trailers, was read to its end. */
  done = false
  private state: State = SIZE
  private size = 0
  private digits = 0
  /** Made when a body has some. */
  private extensions: ChunkExtensions | undefined
  private trailerSection: TrailerSection | undefined
  private readonly limits: ChunkedLimits
  private readonly malformed: MalformedCode
  private readonly connection: string | undefined

  /** @param connection the head's Connection value: it removes trailers as well (RFC 9110 7.6.1) */
  constructor(limits: ChunkedLimits, malformed: MalformedCode, connection?: string) {
    this.limits = limits
    this.malformed = malformed
    this.connection = connection
  }

  get trailers(): HeaderList | undefined {
    return this.trailerSection?.fields
  }

  /**
   * Takes bytes from `start` on, hands their data to `take` in one piece, and returns where the next message begins, or
   * the chunk's end. The chunk must be the caller's own: data is moved together within it, over the framing before it.
   */
  feed(chunk: Buffer, start: number, take: (data: Buffer) => void): number | WireFault {
    const { length } = chunk
    let next: number | WireFault = start
    let from = 0
    let to = 0
    while (typeof next === 'number' && next < length && !this.done) {
      if (this.state === DATA) {
        const end = Math.min(length, next + this.size)
        if (to === 0) from = to = next
        to = moveTogether(chunk, to, next, end)
        this.size -= end - next
        if (this.size === 0) this.state = DATA_CR
        next = end
      } else if (this.state === TRAILERS) next = this.readTrailers(chunk, next)
      else next = this.step(chunk[next] as number) ?? next + 1 // within the chunk
    }
    if (to > from) take(chunk.subarray(from, to))
    return next
  }

  /** One byte of a size line or of the CRLF after data. */
  private step(byte: number): WireFault | undefined {
    switch (this.state) {
      case SIZE:
        return this.stepSize(byte)
      case SIZE_LF:
        if (byte !== LF) return this.fault('CR without LF after a chunk size')
        this.state = this.size === 0 ? TRAILERS : DATA
        return undefined
      case DATA_CR:
        if (byte !== CR) return this.fault('a chunk is longer than its size')
        this.state = DATA_LF
        return undefined
      case DATA_LF:
        if (byte !== LF) return this.fault('CR without LF after chunk data')
        this.state = SIZE
        this.size = 0
        this.digits = 0
        return undefined
      default:
        return this.stepExtension(byte)
    }
  }

  private stepSize(byte: number): WireFault | undefined {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      this.size = this.size * 16 + digit
      if (++this.digits > SIZE_DIGITS) return this.fault('a chunk size is too large')
      return undefined
    }
    if (this.digits === 0) return this.fault('a chunk has no size')
    if (byte === CR) this.state = SIZE_LF
    else if (byte === SEMICOLON) {
      this.state = EXTENSION
      this.extensions ??= new ChunkExtensions()
      this.extensions.begin()
    } else return this.fault(`a chunk size holds byte 0x${byte.toString(16)}`)
    return undefined
  }

  private stepExtension(byte: number): WireFault | undefined {
    const reason = this.extensions?.step(byte)
    if (reason !== undefined) return new WireFault(this.malformed, `${reason} (RFC 9112 7.1.1)`)
    if (this.extensions?.ended === true) this.state = SIZE_LF
    return undefined
  }

  /** The trailer section ends with an empty line; nearly always it is only that. */
  private readTrailers(chunk: Buffer, start: number): number | WireFault {
    if (this.trailerSection === undefined && chunk[start] === CR && chunk[start + 1] === LF) {
      this.done = true
      return start + 2
    }
    this.trailerSection ??= new TrailerSection(this.limits, this.malformed, this.connection)
    const next = this.trailerSection.take(chunk, start)
    this.done = this.trailerSection.done
    return next
  }

  private fault(reason: string): WireFault {
    return new WireFault(this.malformed, `${reason} (RFC 9112 7.1)`)
  }
}

/** Moves what stands from `start` to `end` down to `to`, and returns its new end. */
function moveTogether(chunk: Buffer, to: number, start: number, end: number): number {
  if (to === start) return end
  if (end - start > SHORT_DATA) chunk.copyWithin(to, start, end)
  else for (let index = start; index < end; index++) chunk[to + index - start] = chunk[index] as number // within the chunk
  return to + end - start
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
