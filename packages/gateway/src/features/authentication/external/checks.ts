import { type Fields, fieldOf, isFields, textsOf } from '../../../settings/problems/fields.ts'
import type { Finding, Path } from '../../../settings/problems/problem.ts'
import { meant, nearestFirst, someOf } from '../../../settings/problems/suggest.ts'
import { implies, type JsonSchema, never, oneOfKeys } from '../../../settings/schema/schema-tree.ts'

const PLACES = ['url', 'upstream']
const STALE = { required: ['onError'], properties: { onError: { const: 'allow-stale' } } }
/** What tells one caller from another. */
const CALLERS = '^(?:header:|cookie:|client$)'

/** What no setting shows alone, for editors. */
export const externalRules: readonly JsonSchema[] = [
  oneOfKeys(PLACES),
  never({ required: ['url', 'path'] }),
  never({ required: ['body', 'cache'] }),
  implies(STALE, { required: ['cache'] }),
  { properties: { cache: { properties: { by: { contains: { pattern: CALLERS } } } } } },
]

/** The same, of the configuration as it was written. */
export function externalChecks(written: unknown, path: Path, upstreams: readonly string[]): Finding[] {
  if (!isFields(written)) return []
  return [...placeChecks(written, path, upstreams), ...cacheChecks(written, path)]
}

function placeChecks(written: Fields, path: Path, upstreams: readonly string[]): Finding[] {
  const [place, other] = PLACES.filter((each) => written[each] !== undefined)
  const allowed = 'one of url and upstream'
  if (place === undefined)
    return [{ path, part: 'key', problem: 'does not say which service is asked', allowed }]
  if (other !== undefined) return [{ path, part: 'key', problem: 'has both "url" and "upstream"', allowed }]
  if (place === 'url') {
    const problem = 'stands beside a URL, which has its own'
    return written['path'] === undefined ? [] : [{ path: [...path, 'path'], part: 'key', problem }]
  }
  const { upstream } = written
  if (typeof upstream !== 'string' || upstreams.includes(upstream)) return []
  return [
    {
      path: [...path, 'upstream'],
      problem: 'is not the name of an upstream',
      allowed: () =>
        `the name of one of upstreams (${someOf(nearestFirst(upstream, upstreams)) || 'none is defined'})`,
      hint: () => meant(upstream, upstreams),
    },
  ]
}

function cacheChecks(written: Fields, path: Path): Finding[] {
  const { body, cache, onError } = written
  const findings: Finding[] = []
  if (cache === undefined && onError === 'allow-stale')
    findings.push({ path: [...path, 'onError'], problem: 'needs a cache: without one, no verdict is kept' })
  if (cache === undefined) return findings
  if (body !== undefined)
    findings.push({
      path: [...path, 'body'],
      part: 'key',
      problem: 'cannot stand beside a cache: no verdict is kept by it',
    })
  const by = textsOf(fieldOf(cache, 'by'))
  const tellsApart = new RegExp(CALLERS)
  if (by.length > 0 && !by.some((each) => tellsApart.test(each)))
    findings.push({
      path: [...path, 'cache', 'by'],
      problem: 'tells no caller from another: one that is let in would let everybody in',
      allowed: 'one of header:NAME, cookie:NAME or client, beside others',
    })
  return findings
}
