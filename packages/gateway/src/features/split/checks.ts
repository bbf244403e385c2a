import { type Fields, fieldsOf, fieldOf, listOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../settings/problems/problem.ts'
import { never } from '../../settings/schema/schema-tree.ts'
import type { RouteSetting } from '../layer.ts'

export const splitSettings: RouteSetting = {
  upstreams: ({ upstreams }: Fields) =>
    listOf(upstreams).map((each, index) => [['upstreams', index, 'upstream'], fieldOf(each, 'upstream')]),
  checks(written, path, route) {
    const { upstreams, sticky } = fieldsOf(written)
    const list = listOf(upstreams)
    return [
      ...emptySplit(list, [...path, 'upstreams']),
      ...repeatedInSplit(list, [...path, 'upstreams']),
      ...lostStickiness(fieldsOf(sticky), route, [...path, 'sticky']),
    ]
  },
  rules: [
    {
      at: ['upstreams'],
      rules: [{ contains: never({ required: ['weight'], properties: { weight: { const: 0 } } }) }],
    },
  ],
}

function emptySplit(upstreams: readonly unknown[], path: Path): Finding[] {
  if (upstreams.length === 0) return []
  if (upstreams.some((each) => fieldsOf(each)['weight'] !== 0)) return []
  const problem = 'every weight is 0, so no request could go anywhere'
  return [{ path, whole: true, problem }]
}

/** Weights are changed by the name of the upstream. */
function repeatedInSplit(upstreams: readonly unknown[], path: Path): Finding[] {
  const names = upstreams.map((each) => fieldsOf(each)['upstream'])
  const seen = new Set<unknown>()
  return findEach(names, (name, index): Finding[] => {
    const isFirst = !seen.has(name)
    seen.add(name)
    if (name === undefined || isFirst) return []
    const place = [...path, index, 'upstream']
    return [{ path: place, problem: 'is in the split already', hint: 'add its weights up' }]
  })
}

/** The split sees the request as the upstream would. */
function lostStickiness({ header, cookie }: Fields, route: Fields, path: Path): Finding[] {
  const field = cookie === undefined ? header : 'cookie'
  const removed = fieldsOf(route['requestHeaders'])['remove']
  if (typeof field !== 'string' || !Array.isArray(removed)) return []
  const isRemoved = removed.some(
    (each) => typeof each === 'string' && each.toLowerCase() === field.toLowerCase(),
  )
  const problem = `the split is sticky by what requestHeaders remove before: ${field}`
  return isRemoved ? [{ path, whole: true, problem }] : []
}
