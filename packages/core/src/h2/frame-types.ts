/** The types of frames (RFC 9113 6, RFC 9218 7.1). */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
  priorityUpdate: 16,
} as const

export const Flag = { endStream: 0x01, ack: 0x01, endHeaders: 0x04, padded: 0x08, priority: 0x20 } as const

/** Length, type, flags and stream (RFC 9113 4.1). Bytes. */
export const FRAME_HEADER_SIZE = 9
/** What every peer takes (RFC 9113 4.2), and all that we announce and send: larger frames would keep other streams waiting. Bytes. */
export const FRAME_SIZE = 16_384
/** Of numbers of 31 bits, whose highest bit is reserved: stream identifiers, increments. */
export const LOW_31_BITS = 0x7fff_ffff

/** What a frame of a type must be, whatever is in it. */
export interface FrameRule {
  readonly name: string
  readonly section: string
  /** Whether it is about one stream, about the connection (stream 0), or may be about either. */
  readonly about: 'stream' | 'connection' | 'either'
  /** The least length, and the most where it is bounded by more than the frame size. Bytes. */
  readonly least: number
  readonly most: number
  /** The length is a multiple of it. */
  readonly multiple: number
  /** What ends by a wrong length. */
  readonly scope: 'stream' | 'connection'
}

/** A row of the table. */
function rule(
  name: string,
  section: string,
  about: FrameRule['about'],
  length: Partial<FrameRule> = {},
): FrameRule {
  return {
    name,
    section: section.startsWith('RFC') ? section : `RFC 9113 ${section}`,
    about,
    least: 0,
    most: Infinity,
    multiple: 1,
    scope: 'connection',
    ...length,
  }
}

/** By the number of the type. A type without a row is ignored (RFC 9113 4.1, 5.5). */
export const FRAME_RULES: readonly (FrameRule | undefined)[] = [
  rule('DATA', '6.1', 'stream'),
  rule('HEADERS', '6.2', 'stream'),
  rule('PRIORITY', '6.3', 'stream', { least: 5, most: 5, scope: 'stream' }),
  rule('RST_STREAM', '6.4', 'stream', { least: 4, most: 4 }),
  rule('SETTINGS', '6.5', 'connection', { multiple: 6 }),
  rule('PUSH_PROMISE', '6.6', 'stream'),
  rule('PING', '6.7', 'connection', { least: 8, most: 8 }),
  rule('GOAWAY', '6.8', 'connection', { least: 8 }),
  rule('WINDOW_UPDATE', '6.9', 'either', { least: 4, most: 4 }),
  rule('CONTINUATION', '6.10', 'stream'),
  ...new Array<undefined>(FrameType.priorityUpdate - FrameType.continuation - 1).fill(undefined),
  rule('PRIORITY_UPDATE', 'RFC 9218 7.1', 'connection', { least: 4 }),
]
