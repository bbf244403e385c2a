import { writtenTime } from '../../settings/values/units.ts'
import { RETRY_STATUSES } from '@headgate/core'
import { duration, type Kind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'

const time = duration({ min: '1ms' })

/** A time, or a percentile of times. */
export const hedgeDelay: Kind<number | { readonly percentile: number }> = {
  allowed: `${time.allowed}; or a percentile from p50 to p99`,
  json: { type: 'string', pattern: '^(0*[1-9][0-9]*(ms|s|m|h)|p[5-9][0-9])$' },
  type: 'Duration | `p${number}`',
  parse(written) {
    const percent = typeof written === 'string' ? /^p([5-9]\d)$/.exec(written)?.[1] : undefined
    return percent === undefined ? time.parse(written) : parsed({ percentile: Number(percent) / 100 })
  },
  write: (delay) =>
    typeof delay === 'number' ? writtenTime(delay) : `p${Math.round(delay.percentile * 100)}`,
}

export const retryStatus: Kind<number> = {
  allowed: RETRY_STATUSES.join(', '),
  json: { type: 'integer', enum: RETRY_STATUSES },
  type: 'number',
  parse(written) {
    const status = RETRY_STATUSES.find((each) => each === written)
    return status === undefined ? refused('says nothing of another try') : parsed(status)
  },
}

export const concurrencyLimit: Kind<number | 'adaptive'> = {
  allowed: 'a whole number from 1 up, or "adaptive"',
  json: {
    anyOf: [{ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }, { const: 'adaptive' }],
  },
  parse(written) {
    if (written === 'adaptive') return parsed(written)
    return typeof written === 'number' && Number.isSafeInteger(written) && written > 0
      ? parsed(written)
      : refused('is no limit')
  },
}
