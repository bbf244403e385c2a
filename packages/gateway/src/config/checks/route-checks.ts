import { type Fields, fieldsOf, isFields } from '../../settings/problems/fields.ts'
import { findEach, type Finding } from '../../settings/problems/problem.ts'
import { Template } from '../../features/templates/template.ts'

const TARGETS = ['upstream', 'split', 'redirect', 'respond']

/** What the settings of one route, or two of them together, say that cannot be meant. Looks at it as it was written. */
export function routeChecks(route: unknown, index: number): Finding[] {
  if (!isFields(route)) return []
  const path = ['routes', index]
  return [
    ...oneTarget(route, path),
    ...unusable(route, path),
    ...emptySplit(route, path),
    ...repeatedInSplit(route, path),
    ...lostStickiness(route, path),
    ...unknownParams(route, path),
  ]
}

function oneTarget(route: Fields, path: Place): Finding[] {
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

function unusable(route: Fields, path: Place): Finding[] {
  const rewrite = fieldsOf(route['rewrite'])
  const status = fieldsOf(route['respond'])['status']
  const body = fieldsOf(route['respond'])['body']
  const answers = route['redirect'] ?? route['respond']
  return [
    ...(rewrite['path'] !== undefined && rewrite['stripPrefix'] !== undefined
      ? [
          unused(
            [...path, 'rewrite', 'stripPrefix'],
            'stands beside "path": only one of them can make the path',
          ),
        ]
      : []),
    ...(rewrite['host'] !== undefined && route['preserveHost'] === false
      ? [unused([...path, 'rewrite', 'host'], 'is without effect, as preserveHost is false')]
      : []),
    ...(body !== undefined && (status === 204 || status === 205 || status === 304)
      ? [unused([...path, 'respond', 'body'], `is without effect, as a ${status} has no content`)]
      : []),
    ...(answers === undefined
      ? []
      : ['rewrite', 'requestHeaders', 'mirror']
          .filter((key) => route[key] !== undefined)
          .map((key) => unused([...path, key], 'is without effect, as no upstream is asked'))),
  ]
}

function unused(path: Place, problem: string): Finding {
  return { path, part: 'key', problem }
}

function emptySplit(route: Fields, path: Place): Finding[] {
  const upstreams = fieldsOf(route['split'])['upstreams']
  if (!Array.isArray(upstreams) || upstreams.length === 0) return []
  if (upstreams.some((each) => fieldsOf(each)['weight'] !== 0)) return []
  const problem = 'every weight is 0, so no request could go anywhere'
  return [{ path: [...path, 'split', 'upstreams'], whole: true, problem }]
}

/** Weights are changed by the name of the upstream. */
function repeatedInSplit(route: Fields, path: Place): Finding[] {
  const upstreams = fieldsOf(route['split'])['upstreams']
  if (!Array.isArray(upstreams)) return []
  const names = upstreams.map((each) => fieldsOf(each)['upstream'])
  const seen = new Set<unknown>()
  return findEach(names, (name, index): Finding[] => {
    const isFirst = !seen.has(name)
    seen.add(name)
    if (name === undefined || isFirst) return []
    const place = [...path, 'split', 'upstreams', index, 'upstream']
    return [{ path: place, problem: 'is in the split already', hint: 'add its weights up' }]
  })
}

/** The split sees the request as the upstream would. */
function lostStickiness(route: Fields, path: Place): Finding[] {
  const { header, cookie } = fieldsOf(fieldsOf(route['split'])['sticky'])
  const field = cookie === undefined ? header : 'cookie'
  const removed = fieldsOf(route['requestHeaders'])['remove']
  if (typeof field !== 'string' || !Array.isArray(removed)) return []
  const isRemoved = removed.some(
    (each) => typeof each === 'string' && each.toLowerCase() === field.toLowerCase(),
  )
  const place = [...path, 'split', 'sticky']
  const problem = `the split is sticky by what requestHeaders remove before: ${field}`
  return isRemoved ? [{ path: place, whole: true, problem }] : []
}

/** `${params.id}` where a path of the route has no `:id`. */
function unknownParams(route: Fields, path: Place): Finding[] {
  const match = fieldsOf(route['match'])['path']
  const patterns = (Array.isArray(match) ? match : [match ?? '/**']).filter(
    (each) => typeof each === 'string',
  )
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

function textsIn(value: unknown, at: Place): { text: string; at: Place }[] {
  if (typeof value === 'string') return [{ text: value, at }]
  return Object.entries(fieldsOf(value)).flatMap(([key, inner]) => textsIn(inner, [...at, key]))
}

type Place = readonly (string | number)[]
