import { findEach, type Finding } from '../../settings/problems/problem.ts'
import { redact } from '../../settings/redact.ts'
import { HIDDEN } from '../../settings/redact-text.ts'
import { inputSchema } from '../../settings/schema/schema-tree.ts'
import { meant, nearestFirst, someOf } from '../../settings/problems/suggest.ts'
import { fieldOf, fieldsOf, isFields, keysOf, listOf, textsOf } from '../../settings/problems/fields.ts'
import { name as groupName } from '../../settings/values/kinds.ts'
import { matchChecks } from '../../features/graphql/checks.ts'

/** No setting stands deeper. */
const DEEPEST = 64
/** Something that is hidden wherever a secret would be. */
const STAND_IN = 'hidden0hidden0hidden'

/**
 * What was shown in place of a secret is not the secret: a configuration that was read from the admin endpoints and saved would
 * send it to upstreams.
 */
export function redactedChecks(input: unknown): Finding[] {
  const visit = (value: unknown, path: PropertyKey[]): void => {
    if (typeof value === 'string') {
      if (value.includes(HIDDEN)) suspects.push([path, value])
    } else if (typeof value === 'object' && value !== null && path.length < DEEPEST) {
      for (const [key, item] of Object.entries(value))
        visit(item, [...path, Array.isArray(value) ? Number(key) : key])
    }
  }
  const suspects: [PropertyKey[], string][] = []
  visit(input, [])
  return findEach(suspects, ([path, text]): Finding[] => {
    const filled = text.replaceAll(HIDDEN, STAND_IN)
    // Somebody may mean these very words, in a text.
    return isHiddenThere(path, filled, text) ? [{ path, ...STANDS_FOR_SECRET }] : []
  })
}

function isHiddenThere(path: readonly PropertyKey[], filled: string, text: string): boolean {
  // The map around it decides, too.
  const nested = path.reduceRight<unknown>(
    (value, key) => (typeof key === 'number' ? [value] : { [key]: value }),
    filled,
  )
  let shown: unknown = redact(nested, inputSchema())
  for (const key of path)
    shown =
      typeof shown === 'object' && shown !== null
        ? Reflect.get(shown, typeof key === 'number' ? 0 : key)
        : shown
  return shown === text
}

const STANDS_FOR_SECRET = {
  problem: 'stands for a secret that is not shown',
  allowed: 'the secret itself',
  hint: 'in a call that replaces the configuration it means "as it is", where the one in force has a secret in that place',
}

/** What cannot be meant of settings that routes share. Looks at the configuration as it was written. */
export function sharedChecks(input: unknown): Finding[] {
  if (!isFields(input)) return []
  const { defaults, groups, routes } = input
  const names = keysOf(fieldsOf(groups))
  const known = new Set(names)
  return [
    ...findEach(names, namedWrong),
    ...findEach(listOf(routes), (route, index) =>
      isFields(route) ? unknownGroups(route['use'], names, known, ['routes', index, 'use']) : [],
    ),
    ...matchChecks(fieldOf(defaults, 'match'), ['defaults', 'match']),
    ...findEach(names, (name) =>
      matchChecks(fieldOf(fieldOf(groups, name), 'match'), ['groups', name, 'match']),
    ),
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
        hint: () => meant(name, names),
      },
    ]
  })
}
