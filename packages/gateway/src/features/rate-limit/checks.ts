import { LARGEST_CALENDAR_COUNT, LARGEST_SHARED_WINDOW } from '@headgate/core'
import { type Fields, fieldsOf, isFields } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../settings/problems/problem.ts'
import { meant, nearestFirst, someOf } from '../../settings/problems/suggest.ts'
import { type JsonSchema, never } from '../../settings/schema/schema-tree.ts'
import { defaultLimitName } from './setting.ts'
import { limitReference, parseRequestRate } from './kinds.ts'

/** What the time of a sliding window allows may come at once. */
export const limitRules: readonly JsonSchema[] = [
  never({ required: ['algorithm', 'burst'], properties: { algorithm: { const: 'sliding-window' } } }),
  never({ required: ['zone', 'rate'], properties: { rate: { not: { pattern: '/(day|month)$' } } } }),
  never({
    required: ['algorithm', 'rate'],
    properties: { algorithm: { const: 'sliding-window' }, rate: { pattern: '/(day|month)$' } },
  }),
  never({ required: ['burst', 'rate'], properties: { rate: { pattern: '/(day|month)$' } } }),
]

/** What no value of a rate limit shows alone; as cross-checks.ts, it passes over what does not have the expected form. */
export function rateLimitChecks(limits: unknown, routes: readonly unknown[]): Finding[] {
  const named = fieldsOf(limits)
  return [
    ...findEach(Object.entries(named), ([name, limit]) => checkLimit(limit, ['rateLimits', name])),
    ...findEach(routes, (route, index) =>
      isFields(route) ? checkRoute(route['rateLimit'], named, ['routes', index, 'rateLimit']) : [],
    ),
  ]
}

function checkRoute(written: unknown, named: Fields, path: Path): Finding[] {
  const limits: readonly unknown[] = Array.isArray(written) ? written : [written]
  const place = (index: number): Path => (Array.isArray(written) ? [...path, index] : path)
  const seen = new Set<string>()
  return findEach(limits, (limit, index): Finding[] => {
    if (typeof limit === 'string')
      return Object.hasOwn(named, limit) ? [] : [unknown(limit, named, place(index))]
    if (!isFields(limit)) return []
    const findings = checkLimit(limit, place(index))
    const name = typeof limit['name'] === 'string' ? limit['name'] : defaultLimitName(index)
    if (seen.has(name))
      findings.push({
        path: [...place(index), 'name'],
        problem: 'is the name of another limit of this route',
      })
    seen.add(name)
    return findings
  })
}

function unknown(name: string, named: Fields, path: Path): Finding {
  // YAML has read a number as the text that may be a name.
  const asRate = limitReference.parse(/^\d+$/.test(name) ? Number(name) : name)
  if (!asRate.ok && asRate.hint !== undefined)
    return { path, problem: asRate.problem, allowed: limitReference.allowed, hint: asRate.hint }
  return {
    path,
    problem: 'is not the name of a rate limit',
    allowed() {
      const known = someOf(nearestFirst(name, Object.keys(named)))
      return `the name of one of rateLimits (${known || 'none is defined'}), or a section with a rate`
    },
    hint: () => meant(name, Object.keys(named)),
  }
}

/** What a rate by the calendar leaves no choice of; `token-bucket` stands there in whatever is shown. */
const OF_OTHERS = [
  ['burst', undefined],
  ['algorithm', 'token-bucket'],
] as const

function checkLimit(limit: unknown, path: Path): Finding[] {
  return [...checkCalendar(limit, path), ...checkWindow(limit, path)]
}

function checkCalendar(limit: unknown, path: Path): Finding[] {
  if (!isFields(limit) || typeof limit['rate'] !== 'string') return []
  const rate = parseRequestRate(limit['rate'])
  if (!rate.ok) return []
  const { calendar, requests } = rate.value
  if (calendar === undefined) {
    const problem = 'has no meaning here: only days and months (10000/day) begin at midnight'
    return limit['zone'] === undefined ? [] : [{ path: [...path, 'zone'], part: 'key', problem }]
  }
  const findings = OF_OTHERS.flatMap(([key, usual]): Finding[] => {
    const problem = `has no meaning for a quota of a ${calendar}: all of it may come at once`
    return limit[key] === undefined || limit[key] === usual
      ? []
      : [{ path: [...path, key], part: 'key', problem }]
  })
  if (requests > LARGEST_CALENDAR_COUNT)
    findings.push({
      path: [...path, 'rate'],
      problem: 'is too large',
      allowed: `at most ${LARGEST_CALENDAR_COUNT} in a ${calendar}`,
    })
  return findings
}

function checkWindow(limit: unknown, path: Path): Finding[] {
  if (!isFields(limit) || limit['algorithm'] !== 'sliding-window') return []
  const findings: Finding[] = []
  if (limit['burst'] !== undefined) {
    const problem = 'has no meaning for a sliding window: what its time allows may come at once'
    findings.push({ path: [...path, 'burst'], part: 'key', problem })
  }
  const rate = typeof limit['rate'] === 'string' ? parseRequestRate(limit['rate']) : undefined
  if (rate?.ok === true && rate.value.requests > LARGEST_SHARED_WINDOW)
    findings.push({
      path: [...path, 'rate'],
      problem: `is too large for a sliding window`,
      allowed: `at most ${LARGEST_SHARED_WINDOW} requests, or the token bucket`,
    })
  return findings
}
