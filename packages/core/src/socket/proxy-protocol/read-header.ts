import { malformed, type ProxyHeader, UNFINISHED } from './proxied.ts'
import { LINE_START, readLine } from './version-1.ts'
import { readBinary, SIGNATURE } from './version-2.ts'

/**
 * Reads the header of the PROXY protocol, of either version, with which a connection begins. It is asked anew with each piece that
 * comes, and what it looks at is bounded.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  for (const [start, read] of FORMS) {
    const count = Math.min(bytes.length, start.length)
    if (start.compare(bytes, 0, count, 0, count) !== 0) continue
    return count < start.length ? UNFINISHED : read(bytes)
  }
  return malformed('it does not begin with a header of the PROXY protocol')
}

const FORMS = [
  [LINE_START, readLine],
  [SIGNATURE, readBinary],
] as const
