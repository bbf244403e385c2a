import type { BareItem, Item } from '../../fields/structured-types.ts'
import { serializeItem, serializeList } from '../../fields/structured-writer.ts'
import { gcraParameters, type RateDecision, type RateLimit } from './gcra.ts'

/** The fields that tell clients of their quotas (draft-ietf-httpapi-ratelimit-headers-10), for one list of limits. */
export interface QuotaField {
  /** RateLimit-Policy: always the same. */
  readonly policy: string
  /** What RateLimit says so far, with one more limit. */
  add(told: string, index: number, decision: RateDecision): string
  /** Both fields, of a response that is an error. */
  lines(told: string): readonly (readonly [name: string, value: string])[]
}

/** A limit, as it is told. */
interface ToldLimit extends RateLimit {
  readonly name: string
  /** False: clients are not told of it. */
  readonly fields?: boolean | undefined
}

/**
 * Undefined if there is none to tell of.
 * @throws TypeError for a name that is not printable ASCII, and for a limit that is out of range
 */
export function quotaField(limits: readonly ToldLimit[]): QuotaField | undefined {
  const shown = limits.filter(({ fields }) => fields !== false)
  if (shown.length === 0) return undefined
  const policy = serializeList(shown.map(policyOf))
  // What comes before the numbers is the same each time.
  const starts = limits.map((limit) =>
    shown.includes(limit)
      ? `${serializeItem({ bare: text(limit.name), parameters: new Map() })};r=`
      : undefined,
  )
  return {
    policy,
    add(told, index, { allowed, remaining, reset, wait }) {
      const start = starts[index]
      if (start === undefined) return told
      // A client that is out of units wants to know when there is one again, not when there are all.
      const seconds = Math.ceil((allowed ? reset : wait) / 1000)
      const item = `${start}${remaining};t=${seconds}`
      return told === '' ? item : `${told}, ${item}`
    },
    lines: (told) => [
      ['ratelimit-policy', policy],
      ['ratelimit', told],
    ],
  }
}

/** The quota is what may come at once, the window the time in which it is there again. */
function policyOf(limit: ToldLimit): Item {
  const { burst, tolerance } = gcraParameters(limit)
  const window = Math.max(1, Math.ceil(tolerance / 1000))
  return {
    bare: text(limit.name),
    parameters: new Map([
      ['q', integer(Math.floor(burst))],
      ['w', integer(window)],
    ]),
  }
}

function text(value: string): BareItem {
  return { type: 'string', value }
}

function integer(value: number): BareItem {
  return { type: 'integer', value }
}
