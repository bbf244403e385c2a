import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * What an upstream speaks whose answer begins with these bytes, and what to do about it; undefined if that does not show. They are
 * looked at only where they are no head of HTTP/1.1.
 */
export function spokenInstead(bytes: Buffer, socket: Socket): string | undefined {
  const isTls = socket instanceof TLSSocket
  if (isSettings(bytes)) {
    const advice = isTls
      ? 'set protocols: [h2] (the client: http2: true)'
      : "write h2c:// in place of http:// (the client: http2: 'h2c')"
    return `it speaks HTTP/2: ${advice}`
  }
  // An alert, and the first byte of the version (RFC 8446 5.1).
  return !isTls && bytes[0] === 0x15 && bytes[1] === 3 ? 'it speaks TLS: write https://' : undefined
}

/** SETTINGS, no acknowledgement, on no stream: what HTTP/2 begins with (RFC 9113 3.4), 42 settings at most. */
function isSettings(bytes: Buffer): boolean {
  return bytes.length >= 9 && bytes.readUInt16BE(0) === 0 && bytes[3] === 4 && isZero(bytes.subarray(4, 9))
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}
