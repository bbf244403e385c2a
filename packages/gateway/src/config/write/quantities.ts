import type { ByteSize, Duration, RequestRate as WrittenRate } from '../input/quantities.ts'
import type { HashKeyConfig, StatusRange } from '../values/balancing-kinds.ts'
import type { MinimumByteRateInput } from '../input/input.ts'
import type { MinimumByteRateConfig } from '../schema/limits-schema.ts'
import type { RateLimitKey } from '../values/rate-limit-key.ts'
import type { RequestRate } from '../values/request-rate.ts'
import type { Written } from './written.ts'

// Values as people write them, so that the parsers of values/ read them back as they were.

const TIMES: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]
const SIZES: readonly (readonly [unit: string, bytes: number])[] = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['B', 1],
]

/** `90s`, `2h`: in the largest unit that makes it a whole number; `off`. */
export function writtenTime(milliseconds: number): Duration {
  // "0" and "off" come from settings alone that have them.
  return quantity(milliseconds, TIMES) as Duration
}

/** `16KiB`, `off`. */
export function writtenSize(bytes: number): ByteSize {
  return quantity(bytes, SIZES) as ByteSize
}

/** `240B/s` and its grace; `off`, which has none. */
export function writtenByteRate({
  rate,
  grace,
}: MinimumByteRateConfig): 'off' | Written<MinimumByteRateInput> {
  if (rate === 0 && grace === 0) return 'off'
  return { rate: rate === 0 ? '0' : `${writtenSize(rate)}/s`, grace: writtenTime(grace) }
}

/** `100/s`, `5/10s`. */
export function writtenRate({ requests, per }: RequestRate): WrittenRate {
  const time = quantity(per, TIMES)
  return `${requests}/${time.replace(/^1(?=[a-z])/, '')}` as WrittenRate
}

/** `2027-06-30`, `2027-06-30T12:00:00Z`. */
export function writtenMoment(time: number): string {
  return new Date(time)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace('T00:00:00Z', '')
}

export function writtenLimitKey(key: RateLimitKey): string {
  return key.kind === 'header' ? `header:${key.name}` : key.kind
}

export function writtenHashKey(key: HashKeyConfig): string {
  return 'name' in key ? `${key.kind}:${key.name}` : key.kind
}

/** `204`, `200-299`. */
export function writtenStatuses({ from, to }: StatusRange): number | string {
  return from === to ? from : `${from}-${to}`
}

/** `50ms`, `p95`. */
export function writtenDelay(delay: number | { readonly percentile: number }): Duration | `p${number}` {
  return typeof delay === 'number' ? writtenTime(delay) : `p${Math.round(delay.percentile * 100)}`
}

function quantity(amount: number, units: readonly (readonly [unit: string, factor: number])[]): string {
  if (amount === Infinity) return 'off'
  const [unit = '', factor = 1] = units.find(([, each]) => amount !== 0 && amount % each === 0) ?? []
  return amount === 0 ? '0' : `${amount / factor}${unit}`
}

/** Where a setting may be left out. */
export function ifThere<Value, Result>(
  value: Value | undefined,
  write: (value: Value) => Result,
): Result | undefined {
  return value === undefined ? undefined : write(value)
}
