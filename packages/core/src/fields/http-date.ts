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
