import type { CalendarWindow, Clock } from '@headgate/core'

/** Days and months, as people and their contracts know them. */
export type CalendarUnit = 'day' | 'month'

/** Milliseconds. */
const HOUR = 3_600_000
/** No day, and no month, is longer than this, whatever its zone does to its clocks. */
const LONGEST = { day: 27 * HOUR, month: (31 * 24 + 3) * HOUR } as const

/** Tells the present day or month of a zone. What the calendar says is looked up once for each of them. */
export function calendarWindow(unit: CalendarUnit, zone: string, clock: Clock): () => CalendarWindow {
  const numberAt = numbersOf(unit, zone)
  let [index, from, until] = [0, Infinity, -Infinity]
  return () => {
    const now = clock.wallTime()
    if (now < from || now >= until) {
      index = numberAt(now)
      from = now
      until = endOf(index, numberAt, now, now + LONGEST[unit])
    }
    return { index, remaining: until - now }
  }
}

/** The first millisecond that is in it no more: to be found between one that is, and one that is not. */
function endOf(index: number, numberAt: (time: number) => number, first: number, last: number): number {
  let [within, beyond] = [Math.floor(first), Math.ceil(last)]
  while (beyond - within > 1) {
    const middle = Math.floor((within + beyond) / 2)
    if (numberAt(middle) === index) within = middle
    else beyond = middle
  }
  return beyond
}

/** Days, or months, are numbered through: two that follow each other have numbers that do. */
function numbersOf(unit: CalendarUnit, zone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  })
  return (time) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
    const [year = 0, month = 0, day = 0] = (['year', 'month', 'day'] as const).map((each) => parts.get(each))
    return unit === 'month' ? year * 12 + month : Date.UTC(year, month - 1, day) / (24 * HOUR)
  }
}
