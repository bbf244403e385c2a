import { fieldOf, type Fields, keysOf, textsOf } from '../../settings/problems/fields.ts'
import { type Finding, findEach, type Path } from '../../settings/problems/problem.ts'
import { meant } from '../../settings/problems/suggest.ts'
import type { Route } from '../layer.ts'
import type { AuthorizationConfig } from './setting.ts'

/** A rule about a parameter that the path does not have would never hold, and a denial then denies nothing. */
export function parameterChecks(written: unknown, path: Path, route: Fields): readonly Finding[] {
  const known = textsOf(fieldOf(route['match'], 'path')).flatMap((pattern) =>
    Array.from(pattern.matchAll(/\/:([A-Za-z_]\w*)/g), ([, name = '']) => name),
  )
  return ['allow', 'deny'].flatMap((kind) => {
    const rules = fieldOf(written, kind)
    const isList = Array.isArray(rules)
    return findEach(isList ? (rules as readonly unknown[]) : [rules], (rule, index) =>
      keysOf(fieldOf(rule, 'params'))
        .filter((name) => !known.includes(name))
        .map((name): Finding => {
          const place = [...path, kind, ...(isList ? [index] : []), 'params', name]
          return {
            path: place,
            part: 'key',
            problem: 'is no parameter of match.path',
            hint: meant(name, known),
          }
        }),
    )
  })
}

interface RuledRoute extends Route<'authorization', AuthorizationConfig> {
  readonly authentication?: unknown
}

/** Routes that let everybody do everything, in a configuration where others have rules, and do not say that this is meant. */
export function unruledRoutes(routes: readonly RuledRoute[]): number[] {
  if (!routes.some(({ authorization }) => authorization !== undefined)) return []
  return routes.flatMap(({ authorization, authentication }, index) =>
    authorization === undefined && authentication !== false ? [index] : [],
  )
}
