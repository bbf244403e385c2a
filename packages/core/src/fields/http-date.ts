let second = Number.NaN
let text = ''

/**
 * A time as an IMF-fixdate, as in Date (RFC 9110 5.6.7). Made once a second, however often it is asked for.
 * @param time milliseconds since 1970-01-01 UTC
 */
export function httpDate(time: number): string {
  const current = Math.floor(time / 1000)
  if (current !== second) {
    second = current
    text = new Date(current * 1000).toUTCString()
  }
  return text
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
const IMF_FIXDATE = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
const RFC850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/** The last IMF-fixdate that was read: an origin sends the same Date for a second. */
let lastText = ''
let lastTime: number | undefined

/**
 * The time that an HTTP-date names, in any of the three forms that a recipient must accept (RFC 9110 5.6.7), in milliseconds
 * since 1970-01-01 UTC; undefined if it is none. The name of the day is not checked against the date.
 * @param now wall time, by which the century of a two-digit year is found
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  if (text === lastText) return lastTime
  const fixed = IMF_FIXDATE.exec(text)
  if (fixed !== null) {
    lastText = text
    lastTime = toTime(Number(fixed[3]), fixed[2], fixed[1], fixed[4], fixed[5], fixed[6])
    return lastTime
  }
  const old = RFC850.exec(text)
  if (old !== null) return toTime(fullYear(Number(old[3]), now), old[2], old[1], old[4], old[5], old[6])
  const unix = ASCTIME.exec(text)
  if (unix !== null) return toTime(Number(unix[6]), unix[1], unix[2], unix[3], unix[4], unix[5])
  return undefined
}

/** A year that would lie more than 50 years ahead is the latest past one with these digits (RFC 9110 5.6.7). */
function fullYear(digits: number, now: number): number {
  const current = new Date(now).getUTCFullYear()
  const year = current - (current % 100) + digits
  return year > current + 50 ? year - 100 : year
}

function toTime(
  year: number,
  monthName = '',
  day = '',
  hour = '',
  minute = '',
  seconds = '',
): number | undefined {
  const month = MONTHS.indexOf(monthName) / 3
  // A leap second is written as 60.
  if (!Number.isInteger(month) || month < 0) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(seconds) > 60) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month, Number(day))
  // The 31st of February would be taken as a day in March.
  if (date.getUTCDate() !== Number(day)) return undefined
  return date.setUTCHours(Number(hour), Number(minute), Number(seconds), 0)
}
