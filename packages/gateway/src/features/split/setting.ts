import { fieldOf, type Fields, fieldsOf, listOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../settings/problems/problem.ts'
import { once, zod } from '../../settings/schema/library.ts'
import { list } from '../../settings/schema/list.ts'
import { never } from '../../settings/schema/schema-tree.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { integer, oneOf, value } from '../../settings/schema/setting.ts'
import { upstreamReference } from '../../settings/values/kinds.ts'
import { matchedField, token } from '../../settings/values/request-field.ts'
import type { RouteSetting } from '../layer.ts'

const UPSTREAM = 'The name of an upstream, or the URL of a single endpoint.'

const stickyForms = once(() =>
  zod().union([
    oneOf(['client']),
    section('SplitStickyInput', () => ({
      header: value(
        matchedField,
        'The field whose value decides; requests without it are spread one by one.',
      ).optional(),
      cookie: value(token, 'The cookie whose value decides; who has none is given one.').optional(),
    }))(),
  ]),
)

export type SplitStickyConfig = 'client' | { readonly header: string } | { readonly cookie: string }

const sticky = once(() =>
  stickyForms().transform((written, context): SplitStickyConfig => {
    if (written === 'client') return written
    const { header, cookie } = written
    if (header !== undefined && cookie === undefined) return { header }
    if (cookie !== undefined && header === undefined) return { cookie }
    const params = { allowed: 'client, { header: NAME } or { cookie: NAME }' }
    context.issues.push({ code: 'custom', message: 'needs one of header and cookie', input: written, params })
    return zod().NEVER
  }),
)

const splitUpstream = section('SplitUpstreamInput', () => ({
  upstream: value(upstreamReference, UPSTREAM),
  weight: integer('Share of the requests, relative to the others; 0 for none.', 1, 0, 10_000),
}))

export type SplitUpstreamConfig = Read<typeof splitUpstream>

export const splitSetting = section('SplitInput', () => ({
  upstreams: list(splitUpstream()).min(1).describe('Among which upstreams requests are spread.'),
  sticky: sticky()
    .optional()
    .describe(
      'What keeps somebody with the same upstream: client (the address), a header or a cookie. Left out: each request for itself.',
    ),
}))

export type SplitConfig = Read<typeof splitSetting>

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
