import { type Fields, fieldOf, fieldsOf, textsOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../settings/problems/problem.ts'
import { meant, nearestFirst, someOf } from '../../settings/problems/suggest.ts'

/** What no value of a consumer shows alone: names that are of nothing, and credentials that two of them have. */
export function consumerChecks(input: Fields, routes: readonly string[]): Finding[] {
  const authenticators = Object.keys(fieldsOf(input['authenticators']))
  const limits = fieldsOf(input['rateLimits'])
  const owners = new Map<string, string>()
  return findEach(Object.entries(fieldsOf(input['consumers'])), ([name, written]) => {
    const path: Path = ['consumers', name]
    return [
      ...credentialChecks(
        name,
        fieldsOf(fieldOf(written, 'credentials')),
        [...path, 'credentials'],
        authenticators,
        owners,
      ),
      ...named(
        fieldOf(written, 'rateLimit'),
        [...path, 'rateLimit'],
        Object.keys(limits),
        'a rate limit',
        'rateLimits',
      ),
      ...costly(fieldOf(written, 'rateLimit'), [...path, 'rateLimit'], limits),
      ...named(fieldOf(written, 'routes'), [...path, 'routes'], routes, 'a route', 'routes'),
    ]
  })
}

function credentialChecks(
  consumer: string,
  written: Fields,
  path: Path,
  authenticators: readonly string[],
  owners: Map<string, string>,
): Finding[] {
  return Object.entries(written).flatMap(([authenticator, subjects]): Finding[] => {
    const place = [...path, authenticator]
    if (!authenticators.includes(authenticator))
      return [
        {
          path: place,
          part: 'key',
          ...unknown(authenticator, authenticators, 'an authenticator', 'authenticators'),
        },
      ]
    return textsOf(subjects).flatMap((subject): Finding[] => {
      const key = `${authenticator}\n${subject}`
      const owner = owners.get(key)
      owners.set(key, owner ?? consumer)
      if (owner === undefined || owner === consumer) return []
      return [
        { path: place, problem: `is a credential of the consumer ${owner}, too: a request would be of both` },
      ]
    })
  })
}

function named(
  written: unknown,
  path: Path,
  known: readonly string[],
  what: string,
  where: string,
): Finding[] {
  return textsOf(written).flatMap((name, index): Finding[] =>
    known.includes(name)
      ? []
      : [{ path: Array.isArray(written) ? [...path, index] : path, ...unknown(name, known, what, where) }],
  )
}

function unknown(name: string, known: readonly string[], what: string, where: string): Omit<Finding, 'path'> {
  return {
    problem: `is not the name of ${what}`,
    allowed: () => `the name of one of ${where} (${someOf(nearestFirst(name, known)) || 'none is defined'})`,
    hint: () => meant(name, known),
  }
}

/** Whose operations are read depends on the limits of its route. */
function costly(written: unknown, path: Path, limits: Fields): Finding[] {
  const name = textsOf(written).find((each) => fieldOf(limits[each], 'cost') !== undefined)
  if (name === undefined) return []
  const problem = `names the limit ${name}, which counts fields of GraphQL: that is for limits of routes`
  return [{ path, problem }]
}
