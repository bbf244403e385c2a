/** One part of a path pattern. A segment is what stands between two slashes; after a final slash it is empty. */
export type PatternSegment =
  | { readonly kind: 'static'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }

/** What a path pattern says, in the terms in which the router matches. */
export interface PathPattern {
  readonly segments: readonly PatternSegment[]
  /** Whether it ends in `/**`, and so takes whatever follows its segments, also nothing. */
  readonly open: boolean
}

/** What a host pattern says: one host, or every host with one label or more before `.suffix`. */
export type HostPattern =
  | { readonly kind: 'exact'; readonly host: string }
  | { readonly kind: 'suffix' /** With its leading dot. */; readonly suffix: string }

const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Parses a path pattern: `/a/b` matches itself only, `/a/**` matches `/a`, `/a/` and all below, `/users/:id` matches
 * any one segment that is not empty in the place of `:id`. Text is compared with canonical paths as it stands.
 * @throws TypeError if it is not a pattern
 */
export function parsePathPattern(text: string): PathPattern {
  if (!text.startsWith('/')) throw invalid(text, 'it does not start with "/"')
  const parts = text.slice(1).split('/')
  const open = parts.at(-1) === '**'
  if (open) parts.pop()
  const names = new Set<string>()
  const segments = parts.map((part): PatternSegment => {
    if (part.includes('*'))
      throw invalid(text, '"*" stands only in a final "/**"; for one segment, write ":name"')
    if (!part.startsWith(':')) return { kind: 'static', text: part }
    const name = part.slice(1)
    if (!PARAMETER_NAME.test(name) || name === '__proto__')
      throw invalid(text, `":${name}" cannot name a parameter`)
    if (names.has(name)) throw invalid(text, `it names ":${name}" twice`)
    names.add(name)
    return { kind: 'parameter', name }
  })
  return { segments, open }
}

/**
 * Parses a host pattern: `shop.example`, or `*.shop.example` for all names below it, but not itself. Without a port,
 * in lower case, as canonical hosts are.
 * @throws TypeError if it is not a pattern
 */
export function parseHostPattern(text: string): HostPattern {
  const host = text.startsWith('*.') ? text.slice(2) : text
  if (host === '' || host !== host.toLowerCase() || /[*/\s]|^[^:[]*:|\]:/.test(host)) {
    throw new TypeError(
      `${JSON.stringify(text)} is not a host or "*.suffix", in lower case and without a port`,
    )
  }
  return host === text ? { kind: 'exact', host } : { kind: 'suffix', suffix: `.${host}` }
}

function invalid(text: string, reason: string): TypeError {
  return new TypeError(`${JSON.stringify(text)} is not a path pattern: ${reason}`)
}
