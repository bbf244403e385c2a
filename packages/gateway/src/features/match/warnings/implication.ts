import { isIPv6 } from 'node:net'
import type { MatchConfig, ValueMatchConfig } from '../setting.ts'
import { ipRanges } from '../../../settings/values/address.ts'
import { conditionsOf } from '../conditions.ts'
import { takesType } from '../../../routing/conditions/media-types.ts'
import { Regex } from '../../../routing/regex/regex.ts'

/** A condition of a match, and what makes it true of itself. */
export interface Claim {
  /** In words: two with the same words are the same. */
  readonly text: string
  /** Whether it holds for all that another match takes, since that asks for as much or more of the same. */
  readonly impliedBy: (other: MatchConfig) => boolean
}

type ImpliedBy = Claim['impliedBy']

const VALUES = ['headers', 'query', 'cookies'] as const

/** What a match asks beyond host, path and methods. */
export function claimsOf(match: MatchConfig): readonly Claim[] {
  const { client, contentType, accept } = match
  const known = new Map<string, ImpliedBy>()
  const add = (part: Omit<MatchConfig, 'path'>, impliedBy: ImpliedBy): void => {
    for (const { text } of conditionsOf(part)) known.set(text, impliedBy)
  }
  for (const kind of VALUES) {
    for (const [name, value] of Object.entries(match[kind] ?? {})) {
      const isImplied = valueImplied(value)
      add({ [kind]: { [name]: value } }, (other) => {
        const asked = other[kind]?.[name]
        return asked !== undefined && isImplied(asked)
      })
    }
  }
  if (client !== undefined) add({ client }, rangesImplied(client))
  if (contentType !== undefined) add({ contentType }, (other) => impliesTypes(other.contentType, contentType))
  if (accept !== undefined) add({ accept }, (other) => impliesTypes(other.accept, accept))
  return conditionsOf(match).map(({ text }) => ({ text, impliedBy: known.get(text) ?? never }))
}

function never(): boolean {
  return false
}

/** Whether a value that is as asked is as `match` says, too. */
function valueImplied(match: ValueMatchConfig): (asked: ValueMatchConfig) => boolean {
  if ('exists' in match) return (asked) => match.exists === !('exists' in asked && !asked.exists)
  const regex = 'regex' in match ? new Regex(match.regex) : undefined
  const values = new Set('equals' in match ? match.equals : [])
  const takes = (value: string): boolean => regex?.matches(value) ?? values.has(value)
  return (asked) => 'equals' in asked && asked.equals.every(takes)
}

/** A range lies in another one that holds its start and is not the smaller of the two. */
function rangesImplied(ranges: readonly string[]): ImpliedBy {
  const known = ranges.map((range) => ({ ...partsOf(range), list: ipRanges([range]) }))
  return ({ client }) =>
    client?.every((range) => {
      const { start, family, length } = partsOf(range)
      return known.some(
        (each) => each.family === family && each.length <= length && each.list.check(start, family),
      )
    }) === true
}

function partsOf(range: string): { start: string; family: 'ipv4' | 'ipv6'; length: number } {
  const [start = '', length] = range.split('/')
  const family = isIPv6(start) ? 'ipv6' : 'ipv4'
  return { start, family, length: Number(length ?? (family === 'ipv6' ? 128 : 32)) }
}

function impliesTypes(asked: readonly string[] | undefined, ranges: readonly string[]): boolean {
  return asked?.every((type) => ranges.some((range) => takesType(range, type))) === true
}
