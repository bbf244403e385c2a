/** The polynomial of Castagnoli (RFC 3720 B.4), its bits in reverse: node:zlib has another one. */
const POLYNOMIAL = 0x82_f6_3b_78

let table: Uint32Array | undefined

export function crc32c(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, index) => {
    let rest = index
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1
    return rest
  })
  let crc = 0xff_ff_ff_ff
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xff_ff_ff_ff) >>> 0
}
