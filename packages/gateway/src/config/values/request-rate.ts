import { didYouMean, parsed, type Parsed, refused } from '../../settings/values/parsed.ts'
import type { Kind } from '../../settings/values/kinds.ts'
import { parseDuration, writtenTime } from '../../settings/values/units.ts'

/** How many requests in how long. */
export interface RequestRate {
  /** Above 0. */
  readonly requests: number
  /** Milliseconds, above 0. */
  readonly per: number
}

const ALLOWED = 'a whole number of requests and a time (ms, s, m or h), such as 100/s, 60/m or 5/10s'

/** `100/s`, `60/m`, `1000/h`, or with a number before the unit: `5/10s`. */
export function parseRequestRate(text: string): Parsed<RequestRate> {
  const [, requests = '', amount = '', unit = ''] = /^(\d{1,15})\/(\d*)(ms|s|m|h)$/.exec(text) ?? []
  if (unit === '') return refused('is not a rate of requests', hintFor(text))
  const per = parseDuration(`${amount || '1'}${unit}`)
  if (!per.ok) return per
  if (Number(requests) === 0 || per.value === 0) return refused('is too small')
  return parsed({ requests: Number(requests), per: per.value })
}

/** As people write it: `100`, `100 per second`, `100 / sec`, `100rps`. */
function hintFor(text: string): string | undefined {
  const [, requests, spelled = ''] = /^(\d{1,15})\s*(?:\/|per|rp|r\/)?\s*([a-z]*)$/i.exec(text.trim()) ?? []
  if (requests === undefined) return undefined
  const unit = ['s', 'm', 'h'].find((each) => spelled.toLowerCase().startsWith(each))
  return didYouMean(`${requests}/${unit ?? 's'}`)
}

export const requestRate: Kind<RequestRate> = {
  allowed: ALLOWED,
  json: { type: 'string', pattern: '^(?=[0-9]{1,15}/)0*[1-9][0-9]*/(0*[1-9][0-9]*)?(ms|s|m|h)$' },
  type: 'RequestRate',
  parse(written) {
    if (typeof written === 'number') return refused('has no time', didYouMean(`${written}/s`))
    return typeof written === 'string' ? parseRequestRate(written) : refused('is not a rate of requests')
  },
  write: ({ requests, per }) => `${requests}/${writtenTime(per).replace(/^1(?=[a-z])/, '')}`,
}
