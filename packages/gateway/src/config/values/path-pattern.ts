import { canonicalPath, InvalidTarget } from '@headgate/core'
import { didYouMean, parsed, refused } from './parsed.ts'
import type { Parsed } from './parsed.ts'

const PARAMETER = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * What a route's `path` may say: an exact path (`/a/b`), a prefix (`/a/**`, which holds `/a` too), parameters
 * (`/users/:id`). It must be written in the canonical form in which requests are compared; any other could
 * never match.
 */
export function parsePathPattern(text: string): Parsed<string> {
  if (!text.startsWith('/')) {
    const meant = `/${text}`
    return refused('is not a path pattern', parsePathPattern(meant).ok ? didYouMean(meant) : undefined)
  }
  if (/[?#]/.test(text)) return refused('holds a query or a fragment', 'a pattern matches the path alone')
  const canonical = canonicalPath(text)
  if (canonical instanceof InvalidTarget) return refused(`cannot match: ${canonical.reason}`, escapedHint(text))
  if (canonical !== text) return refused('is not in canonical form and could never match', didYouMean(canonical))
  return checkSegments(text)
}

function escapedHint(text: string): string | undefined {
  const escaped = encodeURI(text)
  return escaped !== text && canonicalPath(escaped) === escaped ? didYouMean(escaped) : undefined
}

function checkSegments(text: string): Parsed<string> {
  const segments = text.split('/').slice(1)
  const names = new Set<string>()
  for (const [index, segment] of segments.entries()) {
    if (segment === '**' && index < segments.length - 1) return refused('has "**" before its end')
    if (segment !== '**' && segment.includes('*')) return refused('has a "*" that is not a final "/**"', starHint(text))
    if (!segment.startsWith(':')) continue
    const name = segment.slice(1)
    if (!PARAMETER.test(name)) return refused(`has a parameter ${JSON.stringify(segment)} that is not a name`)
    if (names.has(name)) return refused(`has the parameter ":${name}" twice`)
    names.add(name)
  }
  return parsed(text)
}

function starHint(text: string): string | undefined {
  const meant = text.replace(/\*+$/, '').replace(/\/?$/, '/**')
  return meant.indexOf('*') === meant.length - 2 ? didYouMean(meant) : undefined
}

/** The pattern with its parameters unnamed: two patterns with the same shape match the same paths. */
export function patternShape(pattern: string): string {
  return pattern.replace(/\/:[^/]+/g, '/:')
}
