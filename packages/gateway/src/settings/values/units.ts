import { didYouMean, parsed, type Parsed, refused } from './parsed.ts'

/**
 * Quantities are written with their unit, because a bare number in a file is read as seconds by one person and
 * as milliseconds by the next. Only 0 needs none.
 */
interface Scale {
  readonly noun: 'a duration' | 'a size' | 'a byte rate'
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
    ['ki', 'KiB'],
    ['mi', 'MiB'],
    ['gi', 'GiB'],
    ['byte', 'B'],
    ['bytes', 'B'],
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
    ...[...SIZE.aliases].map(([alias, unit]) => [`${alias}ps`, `${unit}/s`] as const),
  ]),
  example: '240B/s',
  max: Number.MAX_SAFE_INTEGER,
}

const SCALES: Readonly<Record<Scale['noun'], Scale>> = {
  'a duration': DURATION,
  'a size': SIZE,
  'a byte rate': BYTE_RATE,
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

/** Beyond that, a bare number of seconds is rather one of milliseconds; below, the other way round. Between, either may be. */
const LONG_SECONDS = 1_000
const SHORT_MILLISECONDS = 100

/**
 * What a number without a unit may have meant, within the limits of the setting: a time is either in seconds or, as many
 * programs have it, in milliseconds; a size mostly one that is whole in a larger unit.
 * @param amount above 0
 */
export function bareNumberHint(
  noun: Scale['noun'],
  amount: number,
  min: number = 0,
  max: number = Number.POSITIVE_INFINITY,
): string | undefined {
  const meant = (noun === 'a duration' ? likelyTimes(amount) : likelySizes(amount, noun)).filter((text) => {
    const value = parseQuantity(SCALES[noun], text)
    return value.ok && value.value >= min && value.value <= max
  })
  if (meant.length === 0) return undefined
  return `did you mean ${meant.map((text) => JSON.stringify(text)).join(' or ')}?`
}

function likelyTimes(amount: number): string[] {
  if (!Number.isInteger(amount)) return [withoutFraction(DURATION, amount, 's') ?? '']
  return [
    ...(amount >= SHORT_MILLISECONDS ? [`${amount}ms`] : []),
    ...(amount < LONG_SECONDS ? [`${amount}s`] : []),
  ]
}

function likelySizes(amount: number, noun: 'a size' | 'a byte rate'): string[] {
  if (!Number.isInteger(amount)) return []
  const suffix = noun === 'a size' ? '' : '/s'
  const whole = ['GiB', 'MiB', 'KiB', 'GB', 'MB'].find((unit) => amount % (BYTES.get(unit) ?? 1) === 0)
  const written = whole === undefined ? `${amount}B` : `${amount / (BYTES.get(whole) ?? 1)}${whole}`
  const small = noun === 'a size' && amount < 1024 ? [`${amount}MiB`, `${amount}KiB`] : []
  return [...small, `${written}${suffix}`]
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
  const time = scale === DURATION ? inOtherWords(text.trim()) : undefined
  if (time !== undefined) return refused('is not a duration', didYouMean(time))
  const match = LOOSE_QUANTITY.exec(text.trim().toLowerCase())
  if (match === null) return refused(`is not ${scale.noun}`, `such as ${JSON.stringify(scale.example)}`)
  const [, whole = '', fraction = '', spelled = ''] = match
  if (spelled === '') return refused('has no unit', bareNumberHint(scale.noun, Number(text)))
  const problem = `is not ${scale.noun}`
  const unit = scale.aliases.get(spelled)
  if (unit === undefined) return refused(problem)
  const meant =
    fraction === '' ? `${whole}${unit}` : withoutFraction(scale, Number(`${whole}.${fraction}`), unit)
  return refused(problem, meant === undefined ? undefined : didYouMean(meant))
}

/** Several units in one (`1m30s`), days, and ISO 8601 (`PT5S`): as one whole number. */
function inOtherWords(text: string): string | undefined {
  const plain = text.replace(/^PT?(?=\d)/i, '').toLowerCase()
  if (!/^(?:\d{1,9}(?:d|h|m|s|ms))+$/.test(plain)) return undefined
  const factors: Readonly<Record<string, number>> = {
    d: 86_400_000,
    h: 3_600_000,
    m: 60_000,
    s: 1_000,
    ms: 1,
  }
  let value = 0
  for (const [, amount, unit = ''] of plain.matchAll(/(\d+)(ms|[dhms])/g))
    value += Number(amount) * (factors[unit] ?? 0)
  return value > LONGEST_TIMER ? undefined : withoutFraction(DURATION, value, 'ms')
}

/** 1.5 s is 1500ms: the same quantity in the largest unit that makes it a whole number. */
function withoutFraction(scale: Scale, amount: number, unit: string): string | undefined {
  const value = amount * (scale.units.get(unit) ?? 1)
  for (const [smaller, factor] of [...scale.units].reverse()) {
    if (value > 0 && Number.isInteger(value / factor)) return `${value / factor}${smaller}`
  }
  return undefined
}

/** `90s`, `2h`: in the largest unit that makes it a whole number; `off`, and `0`. */
export function writtenTime(milliseconds: number): string {
  return writtenIn(['h', 'm', 's', 'ms'], DURATION, milliseconds)
}

/** `16KiB`, `off`. */
export function writtenSize(bytes: number): string {
  return writtenIn(['GiB', 'MiB', 'KiB', 'B'], SIZE, bytes)
}

/** `240B/s`. */
export function writtenByteRate(rate: number): string {
  return rate === 0 ? '0' : `${writtenSize(rate)}/s`
}

function writtenIn(units: readonly string[], scale: Scale, amount: number): string {
  if (amount === Infinity) return 'off'
  if (amount === 0) return '0'
  const factorOf = (unit: string): number => scale.units.get(unit) ?? 1
  const unit = units.find((each) => amount % factorOf(each) === 0)
  return unit === undefined ? String(amount) : `${amount / factorOf(unit)}${unit}`
}
