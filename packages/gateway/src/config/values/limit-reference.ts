import { type Kind, name } from '../../settings/values/kinds.ts'
import { refused } from '../../settings/values/parsed.ts'
import { parseRequestRate, requestRate } from './request-rate.ts'

/** The name of a rate limit of the gateway, where a route may have limits of its own as well. */
export const limitReference: Kind<string> = {
  allowed:
    'the name of one of rateLimits, a section such as { rate: 100/s, key: client-ip }, or a list of these',
  json: name.json,
  parse(written) {
    const isRate = typeof written === 'string' && parseRequestRate(written).ok
    if (isRate) return refused('is a rate, and a limit is a section', `did you mean { rate: ${written} }?`)
    const rate = requestRate.parse(written)
    const meant = rate.ok ? undefined : /"(.*)"/.exec(rate.hint ?? '')?.[1]
    if (typeof written === 'number' && written > 0 && meant !== undefined)
      return refused('has no time', `did you mean { rate: ${meant} }?`)
    return typeof written === 'string' ? name.parse(written) : refused('names no rate limit')
  },
}
