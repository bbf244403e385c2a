import { type Fields, fieldsOf, isFields, textsOf } from '../../settings/problems/fields.ts'
import { type Finding, type Path, unused } from '../../settings/problems/problem.ts'
import { ONLY_TOWARDS_UPSTREAM } from '../../stack.ts'
import { TARGETS } from '../../features/target.ts'
import { Template } from '../../features/templates/template.ts'

/** What several settings of one route together say that cannot be meant. Looks at it as it was written. */
export function routeChecks(route: unknown, index: number): Finding[] {
  if (!isFields(route)) return []
  const path = ['routes', index]
  return [...oneTarget(route, path), ...besideAnswer(route, path), ...unknownParams(route, path)]
}

function oneTarget(route: Fields, path: Path): Finding[] {
  const named = TARGETS.filter((target) => route[target] !== undefined)
  // Versions may each have an upstream of their own: see apiVersionChecks.
  if (named.length === 0 && route['apiVersions'] !== undefined) return []
  if (named.length === 0) {
    return [
      {
        path: [...path, 'upstream'],
        problem: 'is missing',
        allowed: 'the name of an upstream, or its URL; or split, redirect or respond in its place',
      },
    ]
  }
  return named.slice(1).map((target) => ({
    path: [...path, target],
    part: 'key',
    problem: `stands beside "${named[0]}": a route leads to one of them`,
  }))
}

function besideAnswer(route: Fields, path: Path): Finding[] {
  if ((route['redirect'] ?? route['respond']) === undefined) return []
  const written = ONLY_TOWARDS_UPSTREAM.filter((name) => route[name] !== undefined)
  return written.map((name) => unused([...path, name], 'is without effect, as no upstream is asked'))
}

/** `${params.id}` where a path of the route has no `:id`. */
function unknownParams(route: Fields, path: Path): Finding[] {
  const patterns = textsOf(fieldsOf(route['match'])['path'] ?? '/**')
  const places = ['rewrite', 'requestHeaders', 'responseHeaders', 'redirect', 'respond']
  return places.flatMap((key) => {
    return textsIn(route[key], [...path, key]).flatMap(({ text, at }): Finding[] => {
      const missing = paramsOf(text).find((name) =>
        patterns.some((pattern) => !pattern.split('/').includes(`:${name}`)),
      )
      if (missing === undefined) return []
      return [{ path: at, problem: `needs "\${params.${missing}}", which not every path of the route has` }]
    })
  })
}

function paramsOf(text: string): readonly string[] {
  try {
    return new Template(text).params
  } catch {
    return [] // the schema says what is wrong with it
  }
}

function textsIn(value: unknown, at: Path): { text: string; at: Path }[] {
  if (typeof value === 'string') return [{ text: value, at }]
  return Object.entries(fieldsOf(value)).flatMap(([key, inner]) => textsIn(inner, [...at, key]))
}
