import { type ExchangeRow, type Route } from './layer.ts'
import { fieldOf } from '../settings/problems/fields.ts'
import { sizeLimit } from '@headgate/core'
import { section } from '../settings/schema/section.ts'
import { bytes, bytesOrOff, integer } from '../settings/schema/setting.ts'

const body = 'Size of a request body'

export const limitsSetting = section('LimitsInput', () => ({
  head: bytes('Size of a request or response head; a larger request head is answered with 431.', {
    min: '1KiB',
    max: '1MiB',
  }).prefault('16KiB'),
  fields: integer(
    'Number of header fields of a message; a request with more is answered with 431.',
    100,
    1,
    10_000,
  ),
  target: bytes('Length of a request target; a longer one is answered with 414.', {
    min: '64B',
    max: '1MiB',
  }).prefault('8KiB'),
  body: bytesOrOff(
    `${body}; a larger one is answered with 413. Left out, or off, there is no limit.`,
  ).optional(),
}))

export const routeLimitsSetting = section('RouteLimitsInput', () => ({
  body: bytesOrOff(`${body} on this route, instead of limits.body; off: no limit.`).optional(),
}))

export const bodyLimitLayer: ExchangeRow<{
  readonly route: Route<'limits', { readonly body?: number | undefined }>
  readonly config: { readonly limits: { readonly body?: number | undefined } }
}> = {
  name: 'limits.body',
  once: 'exchange',
  about: 'refuses requests with too much content',
  judged: false,
  build({ route, config }) {
    const body = route.limits?.body ?? config.limits.body
    return body === undefined ? undefined : sizeLimit({ request: body })
  },
  tells: ({ route, config }) => fieldOf(route['limits'], 'body') ?? fieldOf(config['limits'], 'body'),
}
