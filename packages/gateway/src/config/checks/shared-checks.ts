import { findEach } from '../../settings/problems/find-each.ts'
import type { Finding } from '../../settings/problems/problem.ts'
import { nearestFirst, someOf, suggest } from '../../settings/problems/suggest.ts'
import { isFields, textsOf } from '../../settings/problems/fields.ts'
import { name as groupName } from '../../settings/values/kinds.ts'
import { didYouMean } from '../../settings/values/parsed.ts'
import { matchChecks } from '../../features/graphql/checks.ts'
import { redactedChecks } from './redacted-checks.ts'

/** What cannot be meant of settings that routes share. Looks at the configuration as it was written. */
export function sharedChecks(input: unknown): Finding[] {
  if (!isFields(input)) return []
  const { defaults, groups, routes } = input
  const names = isFields(groups) ? Object.keys(groups) : []
  const known = new Set(names)
  const list: readonly unknown[] = Array.isArray(routes) ? routes : []
  return [
    ...findEach(names, namedWrong),
    ...findEach(list, (route, index) =>
      isFields(route) ? unknownGroups(route['use'], names, known, ['routes', index, 'use']) : [],
    ),
    ...matchChecks(isFields(defaults) ? defaults['match'] : undefined, ['defaults', 'match']),
    ...findEach(names, (name) => {
      const group = isFields(groups) ? groups[name] : undefined
      return matchChecks(isFields(group) ? group['match'] : undefined, ['groups', name, 'match'])
    }),
    ...redactedChecks({ defaults, groups }),
  ]
}

function namedWrong(written: string): Finding[] {
  const named = groupName.parse(written)
  if (named.ok) return []
  return [{ path: ['groups', written], part: 'key', problem: named.problem, allowed: groupName.allowed }]
}

function unknownGroups(
  use: unknown,
  names: readonly string[],
  known: ReadonlySet<string>,
  path: readonly PropertyKey[],
): Finding[] {
  return findEach(textsOf(use), (name, index): Finding[] => {
    if (known.has(name)) return []
    return [
      {
        path: Array.isArray(use) ? [...path, index] : path,
        problem: 'is not the name of a group',
        allowed: () =>
          names.length === 0 ? 'none is defined in "groups"' : someOf(nearestFirst(name, names)),
        hint() {
          const meant = suggest(name, names)
          return meant === undefined ? undefined : didYouMean(meant)
        },
      },
    ]
  })
}
