import { timeZone } from '../../settings/values/time-zone.ts'
import { once } from '../../settings/schema/library.ts'
import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { value } from '../../settings/schema/setting.ts'
import { choice } from '../../settings/values/choice.ts'
import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

type Day = (typeof DAYS)[number]

const hour: Kind<string> = textKind(
  'a time of day',
  'a time of day from 00:00 to 24:00, such as 08:30',
  (written) =>
    /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(written) ? parsed(written) : refused('is not a time of day'),
  { pattern: '^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$' },
)

const window = section('TimeWindowInput', () => ({
  days: list(value(choice<Day>(DAYS)))
    .min(1)
    .optional()
    .describe('Days on which it begins. Left out: every day.'),
  from: value(hour, 'When it begins.').prefault('00:00'),
  to: value(hour, 'When it ends; before its beginning, on the next day.').prefault('24:00'),
  zone: value(timeZone, 'Whose clock counts.').prefault('UTC'),
}))

export type TimeWindow = Read<typeof window>

export const timesSetting = once(() => list(window()).min(1).describe('Requests at one of these times.'))

/** What a clock on a wall shows. */
interface WallClock {
  /** From 0 for Monday. */
  readonly day: number
  /** Of the day. */
  readonly minute: number
}

/** Whether a moment is in the window. @param clock what the clock of its zone shows then */
export function isWithin({ days, from, to }: TimeWindow, clock: WallClock): boolean {
  const [start, end] = [minuteOf(from), minuteOf(to)]
  const begins = (day: number): boolean => days === undefined || days.includes(DAYS[(day + 7) % 7] ?? 'mon')
  if (start < end) return begins(clock.day) && clock.minute >= start && clock.minute < end
  // Over midnight: this evening, or what began yesterday.
  if (clock.minute >= start) return begins(clock.day)
  return clock.minute < end && begins(clock.day - 1)
}

/** Tells whether a moment, in milliseconds since 1970, is in one of the windows. Looked up once a minute. */
export function timesTest(windows: readonly TimeWindow[]): (now: number) => boolean {
  const clocks = windows.map((each) => ({ window: each, read: clockOf(each.zone) }))
  let minute = Number.NaN
  let known = false
  return (now) => {
    const current = Math.floor(now / 60_000)
    if (current !== minute) {
      minute = current
      known = clocks.some(({ window: each, read }) => isWithin(each, read(now)))
    }
    return known
  }
}

function clockOf(timeZone: string): (now: number) => WallClock {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return (now) => {
    const parts = new Map(format.formatToParts(now).map(({ type, value: text }) => [type, text]))
    const day = DAYS.findIndex((each) => each === parts.get('weekday')?.toLowerCase())
    return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) }
  }
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':')
  return Number(hours) * 60 + Number(minutes)
}
