/** More hops than any chain of proxies has: what says more is counted down from here (RFC 9110 7.6.2). */
const MOST = 255

/** How often a request may still be forwarded by its Max-Forwards; undefined if it does not say, or not as a number. */
export function hopsLeft(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d+$/.test(value)) return undefined
  return Math.min(Number(value), MOST)
}
