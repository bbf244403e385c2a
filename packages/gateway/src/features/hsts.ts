import type { Policy } from '@headgate/core'
import { fieldsOf } from '../settings/problems/fields.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import { never } from '../settings/schema/schema-tree.ts'
import { once, zod } from '../settings/schema/library.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { boolean, integer, off } from '../settings/schema/setting.ts'
import { ALL_WAYS, type ExchangeRow, type Route } from './layer.ts'
import type { SecurityHeadersConfig } from './security-headers/setting.ts'

const hstsSection = section('HstsInput', () => ({
  maxAgeDays: integer(
    'For how many days browsers go to the host over TLS alone, from each response on; 0 has them forget it.',
    365,
    0,
    3650,
  ),
  includeSubDomains: boolean('Whether that holds for all names below the host, too.', false),
  preload: boolean('Whether the host may be put on the lists that browsers come with.', false),
}))

export type HstsConfig = Read<typeof hstsSection>

/** A section, or none even where a preset of security headers has it. */
export const hstsSetting = once(() => zod().union([off(), hstsSection()]))

/** What each preset of security headers says of it. */
const OF_PRESET: HstsConfig = { maxAgeDays: 365, includeSubDomains: false, preload: false }

export interface WithHsts {
  readonly hsts?: HstsConfig | false | undefined
  readonly securityHeaders?: Pick<SecurityHeadersConfig, 'preset'> | false | undefined
}

function hstsOf({ hsts: own, securityHeaders }: WithHsts): HstsConfig | undefined {
  if (own !== undefined) return own === false ? undefined : own
  return securityHeaders && securityHeaders.preset !== 'none' ? OF_PRESET : undefined
}

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

export const hstsLayer: ExchangeRow<
  { readonly route: Pick<Route<never, never>, 'name'> & WithHsts },
  object,
  unknown
> = {
  name: 'hsts',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'has browsers come to the host over TLS alone',
  checks: preloadChecks,
  rules: [
    {
      at: [],
      rules: [
        never({
          type: 'object',
          required: ['preload'],
          properties: { preload: { const: true }, includeSubDomains: { const: false } },
        }),
      ],
    },
  ],
  build({ route }) {
    const config = hstsOf(route)
    return config && hsts(config)
  },
  tells: ({ route }) => hstsOf(route),
}
