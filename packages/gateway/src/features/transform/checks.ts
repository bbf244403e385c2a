import { fieldOf, type Fields, fieldsOf, isFields, listOf } from '../../settings/problems/fields.ts'
import type { Finding, Path } from '../../settings/problems/problem.ts'
import type { JsonSchema } from '../../settings/schema/schema-tree.ts'
import type { SectionRules } from '../layer.ts'

/** What a change of JSON does, with what else it needs. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  set: ['value', 'text'],
  remove: [],
  rename: ['to'],
  move: ['to'],
  copy: ['to'],
  pick: [],
  wrap: [],
  unwrap: [],
}
const KINDS = Object.keys(CHANGES)
const OTHERS = ['value', 'text', 'to']

/** The same for editors: a change has one form. */
const FORMS: readonly JsonSchema[] = KINDS.flatMap((kind) => {
  const [first, ...more] = CHANGES[kind] ?? []
  const halves = first === undefined ? [[kind]] : [first, ...more].map((other) => [kind, other])
  return halves.map((keys) => ({
    required: keys,
    not: {
      anyOf: [...KINDS, ...OTHERS].filter((key) => !keys.includes(key)).map((key) => ({ required: [key] })),
    },
  }))
})

export const CHANGE_RULES: readonly JsonSchema[] = [{ anyOf: FORMS }]

export const TRANSFORM_RULES: readonly SectionRules[] = ['request', 'response'].map((side) => ({
  at: [side, 'json', '*'],
  rules: CHANGE_RULES,
}))

/** What cannot be meant of a transformation, as it was written. */
export function transformChecks(written: unknown, path: Path, route: Fields): Finding[] {
  const all = ['request', 'response'].flatMap((side) =>
    changesChecks(fieldOf(fieldOf(written, side), 'json'), [...path, side, 'json']),
  )
  return [...all, ...cacheChecks(written, path, route)]
}

/** Of a list of changes of JSON. */
export function changesChecks(written: unknown, path: Path): Finding[] {
  return listOf(written).flatMap((change, index) => changeChecks(change, [...path, index]))
}

function changeChecks(change: unknown, path: Path): Finding[] {
  if (!isFields(change)) return []
  const kinds = KINDS.filter((kind) => change[kind] !== undefined)
  const [kind] = kinds
  const allowed = `one of ${KINDS.join(', ')}`
  if (kind === undefined) return [{ path, problem: 'changes nothing', allowed }]
  if (kinds.length > 1)
    return [{ path, problem: `has ${kinds.map((each) => `"${each}"`).join(' and ')}`, allowed }]
  const needed = CHANGES[kind] ?? []
  const given = OTHERS.filter((key) => change[key] !== undefined)
  const wrong = given.find((key) => !needed.includes(key))
  if (wrong !== undefined)
    return [{ path: [...path, wrong], part: 'key', problem: `is without effect beside "${kind}"` }]
  if (needed.length > 0 && given.length !== 1)
    return [
      {
        path,
        problem: `has "${kind}" without its other half`,
        allowed: `${kind} with ${needed.join(' or ')}`,
      },
    ]
  return []
}

/** What is made of one request would be told to everybody. */
function cacheChecks(written: unknown, path: Path, { cache }: Fields): Finding[] {
  if (cache === undefined || cache === false || cache === 'off') return []
  const response = fieldsOf(fieldOf(written, 'response'))
  return listOf(response['json']).flatMap((change, index) => {
    const text = fieldOf(change, 'text')
    if (typeof text !== 'string' || !text.includes('${')) return []
    const problem =
      'holds a variable, and the route has a cache: what one client is told would be told to others'
    return [{ path: [...path, 'response', 'json', index, 'text'], problem }]
  })
}
