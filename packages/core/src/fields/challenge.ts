import { FieldScanner } from './scanner.ts'

/** What an origin asks for: a scheme, and what it says about it (RFC 9110 11.3). */
export interface Challenge {
  /** In lower case, as `digest`. */
  readonly scheme: string
  /** In the form without names, as Negotiate has it. */
  readonly token68: string | undefined
  /** Values by their names in lower case, without quotes. */
  readonly parameters: ReadonlyMap<string, string>
}

/** token68 (RFC 9110 11.2), up to the end of the list's member. */
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y

/**
 * Parses WWW-Authenticate or Proxy-Authenticate, of which several lines may have been joined (RFC 9110 11.6.1).
 * @returns the challenges in their order, or undefined if the value is not valid: where one ends is not certain then
 */
export function parseChallenges(value: string): Challenge[] | undefined {
  const scanner = new FieldScanner(value)
  const challenges: Challenge[] = []
  for (scanner.skipToMember(); !scanner.done; scanner.skipToMember()) {
    const scheme = scanner.token().toLowerCase()
    if (scheme === '') return undefined
    const spaced = scanner.skipBlanks()
    const token68 = spaced ? takeToken68(scanner) : undefined
    const parameters = new Map<string, string>()
    if (spaced && token68 === undefined && !takeParameters(scanner, parameters)) return undefined
    scanner.skipBlanks()
    if (!scanner.done && scanner.text[scanner.at] !== ',') return undefined
    challenges.push({ scheme, token68, parameters })
  }
  return challenges
}

function takeToken68(scanner: FieldScanner): string | undefined {
  TOKEN68.lastIndex = scanner.at
  const match = TOKEN68.exec(scanner.text)
  if (match === null) return undefined
  scanner.at = TOKEN68.lastIndex
  return match[0]
}

/** Both lists, of challenges and of parameters, are cut by commas: a name without "=" begins the next challenge. */
function takeParameters(scanner: FieldScanner, parameters: Map<string, string>): boolean {
  for (;;) {
    const start = scanner.at
    scanner.skipToMember()
    const name = scanner.token().toLowerCase()
    scanner.skipBlanks()
    if (name === '' || !scanner.take('=')) {
      scanner.at = start
      return true
    }
    scanner.skipBlanks()
    const value = scanner.value()
    // Each name once (RFC 9110 11.2): of two realms or nonces, nobody can tell which counts.
    if (value === undefined || parameters.has(name)) return false
    parameters.set(name, value)
    scanner.skipBlanks()
    if (!scanner.done && scanner.text[scanner.at] !== ',') return false
  }
}

/**
 * Parses a list of `name=value` alone, as Authentication-Info has it (RFC 7615 section 3).
 * @returns values by their names in lower case, or undefined if the list is not valid
 */
export function parseAuthParameters(value: string): ReadonlyMap<string, string> | undefined {
  const scanner = new FieldScanner(value)
  const parameters = new Map<string, string>()
  if (!takeParameters(scanner, parameters)) return undefined
  scanner.skipToMember()
  return scanner.done ? parameters : undefined
}
