import { isSecretName } from './secret-names.ts'

/** Whether a closer look is needed: part of such a name, or an escape that may hide one. */
const SUSPICIOUS =
  /token|secret|pass|credential|assertion|jwt|key|pwd|auth|bearer|sess|sid|sig|otp|pin|code|%/i

/** What stands in logs and recordings in place of a secret. */
export const REDACTED = '[redacted]'

/**
 * A query for logs: values of parameters whose names speak of secrets are replaced by `[redacted]`.
 * @param query "?" included, as in `HttpRequest.query`; empty if there is none
 */
export function redactQuery(query: string): string {
  if (query === '' || !SUSPICIOUS.test(query)) return query
  let redacted = '?'
  let start = 1
  while (start < query.length) {
    let end = endOf(query, start, isParameterEnd)
    const equals = endOf(query, start, isNameEnd)
    if (equals < end && isSecretName(decodeAscii(query.slice(start, equals)))) {
      // Up to "&": where ";" does not end a parameter, what follows it is part of the secret.
      const ampersand = query.indexOf('&', end)
      end = ampersand < 0 ? query.length : ampersand
      redacted += query.slice(start, equals + 1) + REDACTED
    } else redacted += query.slice(start, end)
    redacted += query.slice(end, end + 1)
    start = end + 1
  }
  return redacted
}

/** No further than the parameter: to look for its "=" in all that follows would take the square of a query without one. */
function endOf(query: string, start: number, ends: (code: number) => boolean): number {
  let end = start
  while (end < query.length && !ends(query.charCodeAt(end))) end++
  return end
}

const AMPERSAND = 0x26
const SEMICOLON = 0x3b
const EQUALS = 0x3d

/** At "&", and at ";", which some servers take for it (HTML 4.01 B.2.2): what comes after it may have a name. */
function isParameterEnd(code: number): boolean {
  return code === AMPERSAND || code === SEMICOLON
}

function isNameEnd(code: number): boolean {
  return code === EQUALS || isParameterEnd(code)
}

/** Letters may be escaped, which no server minds. */
function decodeAscii(name: string): string {
  return name.replace(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
