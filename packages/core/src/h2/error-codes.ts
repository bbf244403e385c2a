/** The error codes of RFC 9113 section 7, each with its number on the wire. */
export const ERROR_NUMBERS = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const

export type Http2Code = keyof typeof ERROR_NUMBERS

const NAMES = Object.keys(ERROR_NUMBERS) as Http2Code[]

/** The code of that number. One that nobody knows means what INTERNAL_ERROR means (RFC 9113 7). */
export function codeOf(number: number): Http2Code {
  return NAMES[number] ?? 'INTERNAL_ERROR'
}
