/** What a peer says of its side of a connection: `Keep-Alive: timeout=5, max=100`. */
export interface KeepAliveTerms {
  /** Milliseconds for which it leaves the connection open without an exchange. */
  readonly timeout: number | undefined
  /** Exchanges: in all (Node), or left (Apache). */
  readonly max: number | undefined
}

/** A peer says the same in each response. */
let lastValue = ''
let lastTerms: KeepAliveTerms = { timeout: undefined, max: undefined }

/**
 * Reads a Keep-Alive field (RFC 2068 19.7.1.1; draft-thomson-hybi-http-timeout-03). What is not understood counts as not said;
 * of what is said twice, the smallest counts.
 */
export function keepAliveTerms(value: string): KeepAliveTerms {
  if (value !== lastValue) {
    lastTerms = { timeout: seconds(smallest(value, 'timeout')), max: smallest(value, 'max') }
    lastValue = value
  }
  return lastTerms
}

/** Also what is parted by semicolons, or quoted, as some servers write it. */
function smallest(value: string, name: string): number | undefined {
  let least: number | undefined
  for (const part of value.split(/[,;]/)) {
    const [, key = '', digits = ''] = /^[ \t]*([a-z]+)[ \t]*=[ \t]*"?(\d{1,9})"?[ \t]*$/i.exec(part) ?? []
    if (key.toLowerCase() === name) least = Math.min(least ?? Infinity, Number(digits))
  }
  return least
}

function seconds(count: number | undefined): number | undefined {
  return count === undefined ? undefined : count * 1000
}
