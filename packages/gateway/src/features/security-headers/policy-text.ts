import { parseDictionary } from '@headgate/core'
import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, type Parsed, refused } from '../../settings/values/parsed.ts'

/** What stands in a policy for the nonce of a response. */
export const NONCE = "'nonce'"

/** Anything else, a header field may not hold, or browsers would not read. */
const PRINTABLE = /^[\x20-\x7e]+$/

/** Keywords of sources, which are names of hosts without their quotes (CSP3 2.3.1). */
const KEYWORDS = new Set([
  'self',
  'none',
  'nonce',
  'unsafe-inline',
  'unsafe-eval',
  'unsafe-hashes',
  'strict-dynamic',
  'report-sample',
  'wasm-unsafe-eval',
])

/** The directives of a policy, with their names in lower case. */
export function directivesOf(policy: string): (readonly [name: string, sources: readonly string[]])[] {
  return policy.split(';').flatMap((directive) => {
    const [name, ...sources] = directive.trim().split(/[\t\n\r\f ]+/)
    return name === undefined || name === '' ? [] : [[name.toLowerCase(), sources] as const]
  })
}

/** A content security policy. Browsers pass over what they do not understand, so that a slip in writing would protect nothing. */
export const contentSecurityPolicy: Kind<string> = textKind(
  'a content security policy',
  "directives with their sources, such as default-src 'self'; img-src *",
  policyOf,
  { pattern: '^[^,]*$' },
)

function policyOf(written: string): Parsed<string> {
  const text = written.replaceAll(/\s+/g, ' ').trim()
  if (!PRINTABLE.test(text)) return refused('holds what no header field may hold')
  if (text.includes(','))
    return refused('holds a comma, which begins another policy', 'sources stand beside each other')
  const directives = directivesOf(text)
  if (directives.length === 0) return refused('says nothing', 'off for none')
  const seen = new Set<string>()
  for (const [name, sources] of directives) {
    if (!/^[a-z][a-z-]*$/.test(name)) return refused(`begins a directive with ${JSON.stringify(name)}`)
    if (seen.has(name)) return refused(`says ${name} twice: browsers take the first one`)
    seen.add(name)
    const bare = sources.find((source) => KEYWORDS.has(source.toLowerCase()))
    if (bare !== undefined && name !== 'sandbox')
      return refused(`has ${bare} without quotes, which is the name of a host`, didYouMean(`'${bare}'`))
  }
  return parsed(text)
}

/** A dictionary of structured fields (RFC 9651), as browsers read it: one slip, and all of it counts for nothing. */
export const permissionsPolicy: Kind<string> = textKind(
  'a permissions policy',
  'features with who may use them, such as camera=(), geolocation=(self)',
  (written) => {
    const text = written.replaceAll(/\s+/g, ' ').trim()
    const features = PRINTABLE.test(text) ? parseDictionary(text) : undefined
    return features === undefined || text === '' ? refused('is not a list of features') : parsed(text)
  },
)
