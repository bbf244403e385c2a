import { fieldOf, type Fields, listOf } from '../../settings/problems/fields.ts'
import type { Finding, Path } from '../../settings/problems/problem.ts'
import { never } from '../../settings/schema/schema-tree.ts'
import type { RouteSetting } from '../layer.ts'
import { neededCalls } from './call-path.ts'

/** Each call is a request more. */
const MOST_CALLS = 20

const WITH_VALUE = { required: ['onFailure', 'value'], properties: { onFailure: { const: 'value' } } }
const WITHOUT_VALUE = never({
  anyOf: [
    { required: ['value'] },
    { required: ['onFailure'], properties: { onFailure: { const: 'value' } } },
  ],
})

export const aggregateSettings: RouteSetting = {
  rules: [{ at: ['calls', '*'], rules: [{ anyOf: [WITH_VALUE, WITHOUT_VALUE] }] }],
  upstreams: ({ calls }: Fields) =>
    listOf(calls).map((each, index) => [['calls', index, 'upstream'], fieldOf(each, 'upstream')] as const),
  checks(written, path) {
    const calls = listOf(fieldOf(written, 'calls'))
    const found = calls.flatMap((each, index) => callChecks(calls, each, index, [...path, 'calls', index]))
    if (calls.length <= MOST_CALLS) return found
    return [
      ...found,
      { path: [...path, 'calls'], problem: `has ${calls.length} calls`, allowed: `at most ${MOST_CALLS}` },
    ]
  },
}

function callChecks(calls: readonly unknown[], written: unknown, index: number, path: Path): Finding[] {
  const earlier = calls.slice(0, index).map((each) => fieldOf(each, 'name'))
  const own = fieldOf(written, 'name')
  const target = fieldOf(written, 'path')
  const unknown =
    typeof target === 'string' ? neededCalls(target).filter((each) => !earlier.includes(each)) : []
  const hasValue = fieldOf(written, 'value') !== undefined
  const wantsValue = fieldOf(written, 'onFailure') === 'value'
  return [
    ...(earlier.includes(own)
      ? [{ path: [...path, 'name'], problem: 'is the name of an earlier call' }]
      : []),
    ...unknown
      .slice(0, 1)
      .map((each) => ({ path: [...path, 'path'], problem: `names ${each}, which is no earlier call` })),
    ...(hasValue === wantsValue
      ? []
      : [
          {
            path,
            problem: hasValue
              ? 'has a value without onFailure: value'
              : 'has onFailure: value without a value',
          },
        ]),
  ]
}
