import type { Policy } from '@headgate/core'
import { fieldsOf } from '../settings/problems/fields.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import { never } from '../settings/schema/schema-tree.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { boolean, integer } from '../settings/schema/setting.ts'
import type { ExchangeRow, Route } from './layer.ts'

export const hstsSetting = section('HstsInput', () => ({
  maxAgeDays: integer(
    'For how many days browsers go to the host over TLS alone, from each response on; 0 has them forget it.',
    365,
    0,
    3650,
  ),
  includeSubDomains: boolean('Whether that holds for all names below the host, too.', false),
  preload: boolean('Whether the host may be put on the lists that browsers come with.', false),
}))

export type HstsConfig = Read<typeof hstsSetting>

/** What those who keep the lists ask for: a year, and all names below the host. */
function preloadChecks(written: unknown, path: Path): readonly Finding[] {
  const { preload, includeSubDomains } = fieldsOf(written)
  if (preload !== true || includeSubDomains === true || typeof includeSubDomains === 'string') return []
  const problem = 'asks for the lists of browsers, which take no host without the names below it'
  return [
    { path: [...path, 'preload'], problem, hint: 'write includeSubDomains: true, or leave preload out' },
  ]
}

/** Has browsers come over TLS alone (RFC 6797): said over TLS, since anybody could say it elsewhere (7.2). */
function hsts({ maxAgeDays, includeSubDomains, preload }: HstsConfig): Policy {
  const words = [
    `max-age=${maxAgeDays * 24 * 60 * 60}`,
    ...(includeSubDomains ? ['includeSubDomains'] : []),
    ...(preload ? ['preload'] : []),
  ]
  const field = words.join('; ')
  return (next) =>
    async function hsts(exchange) {
      const response = await next(exchange)
      // There must be one only, and of two the first counts (8.1).
      if (exchange.clientScheme === 'https') response.headers.set('strict-transport-security', field)
      return response
    }
}

export const hstsLayer: ExchangeRow<{ readonly route: Route<'hsts', HstsConfig> }, object, HstsConfig> = {
  name: 'hsts',
  once: 'exchange',
  about: 'has browsers come to the host over TLS alone',
  checks: preloadChecks,
  rules: [
    {
      at: [],
      rules: [
        never({
          required: ['preload'],
          properties: { preload: { const: true }, includeSubDomains: { const: false } },
        }),
      ],
    },
  ],
  build: ({ route }) => (route.hsts ? hsts(route.hsts) : undefined),
  tells: ({ route }) => route.hsts,
}
