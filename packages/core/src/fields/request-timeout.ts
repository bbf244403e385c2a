import type { HeaderList } from '../message/headers.ts'

/** What the two fields by which a caller tells its deadline are called. */
const REQUEST_TIMEOUT = 'x-request-timeout'
const GRPC_TIMEOUT = 'grpc-timeout'

/** 30 years: more than anybody waits, and still an exact number of milliseconds. */
const SECONDS = /^(\d{1,9})(\.\d{1,9})?$/
/** TimeoutValue TimeoutUnit of the gRPC protocol over HTTP/2. */
const GRPC = /^(\d{1,8})([HMSmun])$/
const GRPC_UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
}
const LARGEST_GRPC = 99_999_999

/**
 * How long the caller gives a request, in milliseconds: X-Request-Timeout in seconds (`1.5`), which has no standard, and
 * grpc-timeout (`1500m`). The shorter one where there are both; what is malformed says nothing.
 */
export function parseRequestTimeout(headers: HeaderList): number | undefined {
  const seconds = headers.get(REQUEST_TIMEOUT)
  const grpc = headers.get(GRPC_TIMEOUT)
  if (seconds === undefined && grpc === undefined) return undefined
  const plain = seconds !== undefined && SECONDS.test(seconds) ? Number(seconds) * 1000 : Infinity
  const [, amount, unit = ''] = (grpc === undefined ? null : GRPC.exec(grpc)) ?? []
  const shortest = Math.min(
    plain,
    amount === undefined ? Infinity : Number(amount) * (GRPC_UNITS[unit] ?? Infinity),
  )
  return shortest === Infinity ? undefined : shortest
}

/** Tells the next one how long it has, in the fields in which we were told. A deadline that has passed is told as the least there is. */
export function writeRequestTimeout(headers: HeaderList, remaining: number): void {
  const milliseconds = Math.max(1, Math.floor(remaining))
  if (headers.has(REQUEST_TIMEOUT)) headers.put(REQUEST_TIMEOUT, String(milliseconds / 1000))
  if (!headers.has(GRPC_TIMEOUT)) return
  // Eight digits and no more: what is longer than three years is told as three years.
  const seconds = Math.min(LARGEST_GRPC, Math.floor(milliseconds / 1000))
  headers.put(GRPC_TIMEOUT, milliseconds <= LARGEST_GRPC ? `${milliseconds}m` : `${seconds}S`)
}
