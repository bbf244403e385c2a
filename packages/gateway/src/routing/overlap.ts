import type { MatchConfig, ValueMatchConfig } from '../config/match-config.ts'

/**
 * Whether no request fits both: they want different values of the same thing. Only what can be seen is judged; where it answers
 * false, there may still be no such request.
 */
export function excludeEachOther(one: MatchConfig, other: MatchConfig): boolean {
  return (
    valuesExclude(one.headers, other.headers) ||
    // A request may hold several values of one name: different ones do not exclude each other there.
    presenceExcludes(one.query, other.query) ||
    presenceExcludes(one.cookies, other.cookies) ||
    listsExclude(one.contentType, other.contentType)
  )
}

type Values = Readonly<Record<string, ValueMatchConfig>> | undefined

function valuesExclude(one: Values, other: Values): boolean {
  return (
    presenceExcludes(one, other) ||
    pairs(one, other).some(
      ([left, right]) =>
        'equals' in left && 'equals' in right && !left.equals.some((value) => right.equals.includes(value)),
    )
  )
}

/** One wants that it is not there, the other that it is. */
function presenceExcludes(one: Values, other: Values): boolean {
  return pairs(one, other).some(([left, right]) => isAbsent(left) !== isAbsent(right))
}

function pairs(one: Values, other: Values): [ValueMatchConfig, ValueMatchConfig][] {
  return Object.entries(one ?? {}).flatMap(([name, left]): [ValueMatchConfig, ValueMatchConfig][] => {
    const right = other?.[name]
    return right === undefined ? [] : [[left, right]]
  })
}

function isAbsent(match: ValueMatchConfig): boolean {
  return 'exists' in match && !match.exists
}

/** A message has one content type. */
function listsExclude(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === undefined || other === undefined) return false
  if ([...one, ...other].some((range) => range.endsWith('/*'))) return false
  return !one.some((type) => other.includes(type))
}
