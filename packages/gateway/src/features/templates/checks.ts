import { type Fields, fieldsOf, textsOf } from '../../settings/problems/fields.ts'
import type { Finding, Path } from '../../settings/problems/problem.ts'
import { Template } from './template.ts'

/** `${params.id}` where a path of the route has no `:id`. */
export function parameterChecks(route: Fields, path: Path): Finding[] {
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
