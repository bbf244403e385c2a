import { canonicalPath, InvalidTarget } from '@headgate/core'
import { parsePathPattern as parsePattern } from './pattern.ts'
import { didYouMean, parsed, type Parsed, refused } from './parsed.ts'

/**
 * What a route's `path` may say: an exact path (`/a/b`), a prefix (`/a/**`, which holds `/a` too), parameters
 * (`/users/:id`). It must be written in the canonical form in which requests are compared; any other could
 * never match.
 */
export function parsePathPattern(text: string): Parsed<string> {
  if (!text.startsWith('/')) {
    const meant = `/${text}`
    const hint = parsePathPattern(meant).ok ? didYouMean(meant) : undefined
    return refused('is not a path pattern', regexHint(text) ?? hint)
  }
  if (/[?#]/.test(text)) return refused('holds a query or a fragment', 'a pattern matches the path alone')
  const canonical = canonicalPath(text)
  if (canonical instanceof InvalidTarget)
    return refused(
      `cannot match: ${canonical.reason}`,
      parameterHint(text) ?? regexHint(text) ?? escapedHint(text),
    )
  if (canonical !== text)
    return refused('is not in canonical form and could never match', didYouMean(canonical))
  return checkSegments(text)
}

/** As OpenAPI and most proxies write them: `/users/{id}`; or `/users/<id>`. */
function parameterHint(text: string): string | undefined {
  const meant = text.replaceAll(
    /\/(?:\{(\w+)\}|<(\w+)>)(?=\/|$)/g,
    (_, inBraces?: string, inAngles?: string) => {
      return `/:${inBraces ?? inAngles ?? ''}`
    },
  )
  return meant !== text && parsePathPattern(meant).ok ? didYouMean(meant) : undefined
}

/** By what no path holds without an escape, or at its start. */
function regexHint(text: string): string | undefined {
  const hasClass = text.includes('[') && text.lastIndexOf(']') > text.indexOf('[')
  return hasClass || /[\^\\|]|\(\?/.test(text)
    ? 'a regular expression stands in "pathRegex", beside the pattern of "path"'
    : undefined
}

function escapedHint(text: string): string | undefined {
  // Half of a surrogate pair, as JSON can hold it, has no escape.
  const escaped = encodeURI(text.toWellFormed())
  return escaped !== text && canonicalPath(escaped) === escaped ? didYouMean(escaped) : undefined
}

/** The router's own parser has the last word: what it takes is a pattern. */
function checkSegments(text: string): Parsed<string> {
  try {
    parsePattern(text)
    return parsed(text)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const value = `${JSON.stringify(text)} `
    return refused(problem.startsWith(value) ? problem.slice(value.length) : problem, starHint(text))
  }
}

function starHint(text: string): string | undefined {
  if (!text.endsWith('*') || text.endsWith('/**')) return undefined
  let end = text.length
  while (text[end - 1] === '*') end--
  if (text[end - 1] === ':') return undefined
  const start = text.slice(0, end)
  const meant = start.endsWith('/') ? `${start}**` : `${start}/**`
  return meant.indexOf('*') === meant.length - 2 ? didYouMean(meant) : undefined
}

/** The pattern with its parameters unnamed: two patterns with the same shape match the same paths. */
export function patternShape(pattern: string): string {
  return pattern.replace(/\/:[^/]+/g, '/:')
}
