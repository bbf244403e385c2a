import { FieldScanner } from './scanner.ts'

/** One link of a Link field (RFC 8288 section 3). */
export interface Link {
  /** The reference as it was written: relative to the URL of the message that holds it. */
  readonly target: string
  /** Relation types in lower case, as `next`. */
  readonly relations: readonly string[]
  /** What it is a link from, where that is not the message's own URL (RFC 8288 3.2). */
  readonly anchor: string | undefined
  /** All parameters, by their names in lower case; the first of each name counts. */
  readonly parameters: ReadonlyMap<string, string>
}

/** What stands between the angle brackets: no white space, no brackets, no control bytes (RFC 3986 appendix C). */
const REFERENCE = /^[!#-;=?-~\u0080-\u00ff]*$/

/**
 * Parses Link, of which several lines may have been joined.
 * @returns the links in their order, or undefined if the value is not valid
 */
export function parseLinks(value: string): Link[] | undefined {
  const scanner = new FieldScanner(value)
  const links: Link[] = []
  for (scanner.skipToMember(); !scanner.done; scanner.skipToMember()) {
    const target = scanner.take('<') ? scanner.until('>') : undefined
    if (target === undefined || !REFERENCE.test(target)) return undefined
    const parameters = new Map<string, string>()
    if (!takeParameters(scanner, parameters)) return undefined
    const relations = parameters.get('rel')?.toLowerCase().split(' ').filter(Boolean) ?? []
    links.push({ target, relations, anchor: parameters.get('anchor'), parameters })
  }
  return links
}

/** `*( OWS ";" OWS [ link-param ] )` up to a comma or the end. */
function takeParameters(scanner: FieldScanner, parameters: Map<string, string>): boolean {
  for (;;) {
    scanner.skipBlanks()
    if (scanner.done || scanner.text[scanner.at] === ',') return true
    if (!scanner.take(';')) return false
    scanner.skipBlanks()
    const name = scanner.token().toLowerCase()
    if (name === '') continue
    scanner.skipBlanks()
    let value: string | undefined = ''
    if (scanner.take('=')) {
      scanner.skipBlanks()
      value = scanner.value()
    }
    if (value === undefined) return false
    // Later ones are ignored (RFC 8288 3.3 for rel, 3.4.1 for others).
    if (!parameters.has(name)) parameters.set(name, value)
  }
}
