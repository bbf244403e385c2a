import { TOKEN_LOWER } from '../message/tokens.ts'

/**
 * Header field names, lower-cased once and shared. A message's names are nearly always among a few dozen, so
 * the parser hashes a name while it checks it, finds the shared string here and allocates nothing.
 */
const COMMON =
  `accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials
access-control-allow-headers access-control-allow-methods access-control-allow-origin access-control-expose-headers
access-control-max-age access-control-request-headers access-control-request-method age allow alt-svc authorization
cache-control connection content-disposition content-encoding content-language content-length content-location
content-range content-security-policy content-type cookie date etag expect expires forwarded from host
idempotency-key if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive last-modified link
location max-forwards origin pragma priority proxy-authenticate proxy-authorization proxy-connection range referer
retry-after sec-fetch-dest sec-fetch-mode sec-fetch-site sec-websocket-accept sec-websocket-extensions
sec-websocket-key sec-websocket-protocol sec-websocket-version server server-timing set-cookie
strict-transport-security te traceparent tracestate trailer transfer-encoding upgrade upgrade-insecure-requests
user-agent vary via www-authenticate x-content-type-options x-forwarded-for x-forwarded-host x-forwarded-port
x-forwarded-proto x-frame-options x-powered-by x-real-ip x-request-id`.split(/\s+/)

/** A power of two. A name has two slots to stand in; it takes one over that is occupied, unless by a common name. */
const SLOTS = 2048
/** Longer names are not worth keeping. */
const LONGEST = 64

const shared: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined)
const pinned = new Uint8Array(SLOTS)

/** One step of the hash that `sharedName` expects: FNV-1a over the lower-case bytes. */
export function hashStep(hash: number, lowerByte: number): number {
  return Math.imul(hash ^ lowerByte, 0x01000193)
}

export const HASH_START: number = 0x811c9dc5 | 0

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SLOTS - 1)
}

/** The lower-case name that stands at `start` to `end` of `text`, all token characters, whose hash is `hash`. */
export function sharedName(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  hash: number,
): string {
  const slot = slotOf(hash)
  const name = shared[slot]
  if (name !== undefined && name.length === end - start && standsAt(name, bytes, start)) return name
  const other = shared[slot ^ 1]
  if (other !== undefined && other.length === end - start && standsAt(other, bytes, start)) return other
  return remember(text, start, end, slot)
}

/** The hash finds the slot, only the characters prove the name: a forged collision must not rename a field. */
function standsAt(name: string, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < name.length; index++) {
    const byte = bytes[start + index] as number // within the head
    if (TOKEN_LOWER[byte] !== name.charCodeAt(index)) return false
  }
  return true
}

function remember(text: string, start: number, end: number, slot: number): string {
  // Through a Buffer, so that the name kept for long is a copy and does not hold on to the whole head.
  const name = Buffer.from(text.slice(start, end), 'latin1').toString('latin1').toLowerCase()
  const free = pinned[slot] === 0 ? slot : slot ^ 1
  if (name.length <= LONGEST && pinned[free] === 0) shared[free] = name
  return name
}

for (const name of COMMON) {
  let hash = HASH_START
  for (let index = 0; index < name.length; index++) hash = hashStep(hash, name.charCodeAt(index))
  const slot = pinned[slotOf(hash)] === 0 ? slotOf(hash) : slotOf(hash) ^ 1
  shared[slot] = name
  pinned[slot] = 1
}
