/** When a certificate is to be replaced, and when a failure is to be followed by another try: decisions alone, of what they are given. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** When an authority wants a certificate to be renewed (RFC 9773 4.2). Milliseconds since 1970-01-01 UTC. */
export interface RenewalWindow {
  readonly start: number
  readonly end: number
}

interface Life {
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * When a certificate is to be renewed: at a random moment of the window that the authority suggests, else at two thirds of its life,
 * give or take a fiftieth of it, so that not all gateways come at once.
 * @param chance in [0, 1), the same for one certificate, so that a restart changes nothing
 */
export function renewalTime(life: Life, window: RenewalWindow | undefined, chance: number): number {
  const whole = life.notAfter - life.notBefore
  if (window !== undefined) {
    const chosen = window.start + chance * (window.end - window.start)
    // Whatever it suggests: not when it is too late.
    return Math.min(chosen, life.notAfter - whole / 50)
  }
  return life.notBefore + (whole * 2) / 3 + ((chance - 0.5) * whole) / 25
}

/** A window that makes no sense is none. */
export function windowOf(start: unknown, end: unknown): RenewalWindow | undefined {
  if (typeof start !== 'string' || typeof end !== 'string') return undefined
  const window = { start: Date.parse(start), end: Date.parse(end) }
  return window.start < window.end ? window : undefined
}

/** How long what an authority suggests holds before it is asked again (RFC 9773 4.3). */
export function windowPause(retryAfter: number | undefined): number {
  return Math.min(DAY, Math.max(MINUTE, retryAfter ?? 6 * HOUR))
}

/** After the first failure. */
const FIRST = MINUTE
/** The longest that is waited of one's own accord. */
const LONGEST = DAY
/** The longest that an authority can have one wait: certificates of a week must be renewed. */
const LONGEST_ASKED = 3 * DAY

/**
 * How long to wait after so many failures in a row: a minute, then four times as long each time, up to a day, and never less than the
 * authority asks for.
 * @param chance in [0, 1)
 */
export function backOff(failures: number, retryAfter: number | undefined, chance: number): number {
  const own = Math.min(LONGEST, FIRST * 4 ** Math.min(20, failures - 1))
  const asked = Math.min(LONGEST_ASKED, retryAfter ?? 0)
  // Up to a tenth more, so that those who failed together do not come back together.
  return Math.max(own, asked) * (1 + chance / 10)
}
