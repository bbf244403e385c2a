import { didYouMean, parsed, refused } from './parsed.ts'
import type { Parsed } from './parsed.ts'

/**
 * Quantities are written with their unit, because a bare number in a file is read as seconds by one person and
 * as milliseconds by the next. Only 0 needs none.
 */
interface Scale {
  readonly noun: string
  /** Unit to factor, smallest first. */
  readonly units: ReadonlyMap<string, number>
  /** Other spellings (in lower case) to the unit that is suggested for them; the empty one is a bare number. */
  readonly aliases: ReadonlyMap<string, string>
  readonly example: string
  readonly max: number
}

/** What timers of Node hold: longer ones fire at once instead. 24 days and 20 hours. */
const LONGEST_TIMER = 2 ** 31 - 1

const DURATION: Scale = {
  noun: 'a duration',
  units: new Map([
    ['ms', 1],
    ['s', 1_000],
    ['m', 60_000],
    ['h', 3_600_000],
  ]),
  aliases: new Map([
    ['', 's'],
    ['ms', 'ms'],
    ['msec', 'ms'],
    ['s', 's'],
    ['sec', 's'],
    ['second', 's'],
    ['seconds', 's'],
    ['m', 'm'],
    ['min', 'm'],
    ['minute', 'm'],
    ['minutes', 'm'],
    ['h', 'h'],
    ['hr', 'h'],
    ['hour', 'h'],
    ['hours', 'h'],
  ]),
  example: '30s',
  max: LONGEST_TIMER,
}

const BYTES: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KB', 1_000],
  ['KiB', 1024],
  ['MB', 1_000_000],
  ['MiB', 1024 ** 2],
  ['GB', 1_000_000_000],
  ['GiB', 1024 ** 3],
])

const SIZE: Scale = {
  noun: 'a size',
  units: BYTES,
  aliases: new Map([
    ['', 'B'],
    ['k', 'KiB'],
    ['m', 'MiB'],
    ['g', 'GiB'],
    ...[...BYTES.keys()].map((unit) => [unit.toLowerCase(), unit] as const),
  ]),
  example: '64KiB',
  max: Number.MAX_SAFE_INTEGER,
}

const BYTE_RATE: Scale = {
  noun: 'a byte rate',
  units: new Map([...BYTES].map(([unit, factor]) => [`${unit}/s`, factor])),
  aliases: new Map([
    ['', 'B/s'],
    ...[...SIZE.aliases].map(([alias, unit]) => [alias, `${unit}/s`] as const),
    ...[...SIZE.aliases].map(([alias, unit]) => [`${alias}/s`, `${unit}/s`] as const),
  ]),
  example: '240B/s',
  max: Number.MAX_SAFE_INTEGER,
}

/** `250ms`, `30s`, `5m`, `1h` or `0`, in milliseconds; at most what a timer holds (about 24 days). */
export function parseDuration(text: string): Parsed<number> {
  return parseQuantity(DURATION, text)
}

/** `512B`, `64KiB` (1024), `10MB` (1,000,000) and so on, or `0`, in bytes. */
export function parseSize(text: string): Parsed<number> {
  return parseQuantity(SIZE, text)
}

/** `240B/s`, `1KiB/s` and so on, or `0`, in bytes per second. */
export function parseByteRate(text: string): Parsed<number> {
  return parseQuantity(BYTE_RATE, text)
}

const QUANTITY = /^(\d+)(\D+)$/

function parseQuantity(scale: Scale, text: string): Parsed<number> {
  if (text === '0') return parsed(0)
  const match = QUANTITY.exec(text)
  const factor = scale.units.get(match?.[2] ?? '')
  if (factor === undefined) return refuse(scale, text)
  const value = Number(match?.[1]) * factor
  if (value > scale.max) return refused(`is too large for ${scale.noun}`)
  return parsed(value)
}

const LOOSE_QUANTITY = /^(\d+)(?:\.(\d+))?\s*([a-z/]*)$/

function refuse(scale: Scale, text: string): Parsed<number> {
  const match = LOOSE_QUANTITY.exec(text.trim().toLowerCase())
  if (match === null) return refused(`is not ${scale.noun}`, `such as ${JSON.stringify(scale.example)}`)
  const [, whole = '', fraction = '', spelled = ''] = match
  const problem = spelled === '' ? 'has no unit' : `is not ${scale.noun}`
  const unit = scale.aliases.get(spelled)
  if (unit === undefined) return refused(problem)
  const meant =
    fraction === '' ? `${whole}${unit}` : withoutFraction(scale, Number(`${whole}.${fraction}`), unit)
  return refused(problem, meant === undefined ? undefined : didYouMean(meant))
}

/** 1.5 s is 1500ms: the same quantity in the largest unit that makes it a whole number. */
function withoutFraction(scale: Scale, amount: number, unit: string): string | undefined {
  const value = amount * (scale.units.get(unit) ?? 1)
  for (const [smaller, factor] of [...scale.units].reverse()) {
    if (value > 0 && Number.isInteger(value / factor)) return `${value / factor}${smaller}`
  }
  return undefined
}
