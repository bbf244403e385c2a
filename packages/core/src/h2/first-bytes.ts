import type { Scheme } from '../message/request.ts'

/** What a peer has answered in whose first bytes are no frame. */
const HTTP1_INSTEAD = 'it answered in HTTP/1.1'
const TLS_INSTEAD = 'it answered with an alert of TLS'

/** Bytes that tell them apart. As the length of a frame (RFC 9113 4.1) each of them would be far above what we allow. */
export const TELLING_BYTES = 3
const HTT = 0x48_54_54
/** An alert, and the first byte of the version (RFC 8446 5.1). A whole alert has 7 bytes: less than the header of a frame. */
const TLS_ALERT = 0x15_03

/** What the first bytes of a peer are in place of a frame; undefined if they may be one. */
export function spokenInstead(bytes: Buffer, start: number): string | undefined {
  const first = bytes.readUIntBE(start, TELLING_BYTES)
  if (first === HTT) return HTTP1_INSTEAD
  return first >>> 8 === TLS_ALERT ? TLS_INSTEAD : undefined
}

/** What to do about a server that does not begin HTTP/2, for this reason. */
export function notHttp2Advice(reason: string, scheme: Scheme): string {
  if (reason === TLS_INSTEAD) return 'write https:// and ask for h2 there'
  if (reason !== HTTP1_INSTEAD) return 'check that it speaks HTTP/2 there, or ask it for HTTP/1.1'
  return scheme === 'http'
    ? "write http:// in place of h2c:// (the client: leave out http2: 'h2c')"
    : 'set protocols: [http/1.1] (the client: leave out http2)'
}
