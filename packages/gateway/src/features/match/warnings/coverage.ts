import { parsePathPattern, type PathPattern, type PatternSegment } from '../../../settings/values/pattern.ts'

/** Whether every path that `other` matches is matched by `one`. */
export function coversPath(one: PathPattern, other: PathPattern): boolean {
  const { segments, open } = one
  if (other.open && !open) return false
  if (open ? other.segments.length < segments.length : other.segments.length !== segments.length) return false
  return segments.every((segment, index) => coversSegment(segment, other.segments[index]))
}

function coversSegment(one: PatternSegment, other: PatternSegment | undefined): boolean {
  if (other === undefined) return false
  if (one.kind === 'static') return other.kind === 'static' && one.text === other.text
  // A parameter takes no empty segment, as there is after a final slash.
  return other.kind === 'parameter' || other.text !== ''
}

export function coversHost(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || one === other) return true
  return (
    one.startsWith('*.') &&
    other !== undefined &&
    other.length > one.length - 1 &&
    other.endsWith(one.slice(1))
  )
}

/** Whether a route for these methods takes the method, which may be any (undefined). */
export function coversMethod(methods: readonly string[], method: string | undefined): boolean {
  if (methods.length === 0) return true
  return method !== undefined && methods.includes(method)
}

/** Patterns, each parsed once. */
export function patternParser(): (path: string) => PathPattern {
  const known = new Map<string, PathPattern>()
  return (path) => {
    const pattern = known.get(path) ?? parsePathPattern(path)
    known.set(path, pattern)
    return pattern
  }
}
