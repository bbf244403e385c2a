import { FIELD_VALUE, isBlank, TOKEN_LOWER } from '../message/tokens.ts'

/** Bytes of chunk extensions in a whole body: they are ignored, so a lot of them is an attack (CVE-2023-39326). */
const LIMIT = 4096

const CR = 0x0d
const QUOTE = 0x22
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const BACKSLASH = 0x5c

type Place =
  | 'before-name'
  | 'name'
  | 'after-name'
  | 'before-value'
  | 'token'
  | 'quoted'
  | 'escaped'
  | 'quote-closed'
  | 'after-value'
  | 'end'

/**
 * Reads chunk extensions, which mean nothing here, by their grammar (RFC 9112 7.1.1): what another reader could take for the end
 * of the line, or for a part of the next one, is refused. White space is allowed where the grammar has BWS, except between a
 * size and its first ";", which `ChunkedDecoder` refuses.
 */
export class ChunkExtensions {
  private place: Place = 'end'
  private bytes = 0

  /** Behind the ";" that begins the extensions of a chunk. */
  begin(): void {
    this.place = 'before-name'
  }

  /** Whether the CR that ends the line was taken. */
  get ended(): boolean {
    return this.place === 'end'
  }

  /** Takes a byte, and returns what is wrong with it, if anything is. */
  step(byte: number): string | undefined {
    const next = follow(this.place, byte)
    if (next === undefined) return `a chunk extension holds byte 0x${byte.toString(16)} where it may not`
    this.place = next
    return next !== 'end' && ++this.bytes > LIMIT ? 'the chunk extensions are too long' : undefined
  }
}

/** Where in the extensions the reader is behind `byte`; undefined if it may not stand there. */
function follow(place: Place, byte: number): Place | undefined {
  switch (place) {
    case 'before-name':
      if (isBlank(byte)) return place
      return isTokenByte(byte) ? 'name' : undefined
    case 'name':
      if (isTokenByte(byte)) return place
      if (byte === EQUALS) return 'before-value'
      return behindPart(byte, 'after-name')
    case 'after-name':
      if (byte === EQUALS) return 'before-value'
      return betweenParts(byte, place)
    case 'before-value':
      if (isBlank(byte)) return place
      if (byte === QUOTE) return 'quoted'
      return isTokenByte(byte) ? 'token' : undefined
    case 'token':
      return isTokenByte(byte) ? place : behindPart(byte, 'after-value')
    case 'quoted':
      if (byte === QUOTE) return 'quote-closed'
      if (byte === BACKSLASH) return 'escaped'
      return FIELD_VALUE[byte] === 1 ? place : undefined
    case 'escaped':
      return FIELD_VALUE[byte] === 1 ? 'quoted' : undefined
    case 'quote-closed':
      return behindPart(byte, 'after-value')
    case 'after-value':
      return betweenParts(byte, place)
    case 'end':
      return undefined
  }
}

/** The line may end right behind a name or a value, and not behind white space. */
function behindPart(byte: number, blank: Place): Place | undefined {
  return byte === CR ? 'end' : betweenParts(byte, blank)
}

function betweenParts(byte: number, blank: Place): Place | undefined {
  if (byte === SEMICOLON) return 'before-name'
  return isBlank(byte) ? blank : undefined
}

function isTokenByte(byte: number): boolean {
  return TOKEN_LOWER[byte] !== 0
}
