import { once, zod } from '../../settings/schema/library.ts'
import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { off, oneOf, value } from '../../settings/schema/setting.ts'
import { changedField, token } from '../../settings/values/request-field.ts'
import { webOrigin } from '../cors/origin.ts'
import { contentSecurityPolicy, permissionsPolicy } from './policy-text.ts'
import { PRESETS } from './presets.ts'

/** In place of what the preset says; off: not told. */
const ofPreset = <const T extends string>(words: readonly T[], about: string) =>
  zod()
    .union([off(), oneOf(words)])
    .optional()
    .describe(about)

const headers = section('SecurityHeadersInput', () => ({
  preset: oneOf(['recommended', 'strict', 'none'], 'What holds for all that is not said here.').prefault(
    'recommended',
  ),
  contentSecurityPolicy: zod()
    .union([off(), value(contentSecurityPolicy)])
    .optional()
    .describe("What pages may load and run. 'nonce' stands for a number that is new for each response."),
  contentSecurityPolicyReportOnly: value(
    contentSecurityPolicy,
    'A policy that browsers only report about, to try it out.',
  ).optional(),
  nonceHeader: value(
    changedField,
    'The field in which the upstream gets the nonce, for the scripts and styles of its pages.',
  ).prefault('x-csp-nonce'),
  contentTypeOptions: ofPreset(['nosniff'], 'X-Content-Type-Options: whether browsers may guess types.'),
  frames: zod()
    .union([off(), oneOf(['none', 'self']), list(value(webOrigin)).min(1)])
    .optional()
    .describe(
      'Who may show the pages in a frame: none, the same origin, or these origins. Told as frame-ancestors and, where it can, as X-Frame-Options.',
    ),
  referrerPolicy: ofPreset(REFERRER_POLICIES, 'What other sites learn of where a link was.'),
  permissionsPolicy: zod()
    .union([off(), value(permissionsPolicy)])
    .optional()
    .describe('Which features of the browser pages may use, such as camera=(), geolocation=(self).'),
  crossOriginOpenerPolicy: ofPreset(
    ['same-origin', 'same-origin-allow-popups', 'noopener-allow-popups', 'unsafe-none'],
    'Whether windows of other origins keep a hold on those of the page.',
  ),
  crossOriginEmbedderPolicy: ofPreset(
    ['require-corp', 'credentialless', 'unsafe-none'],
    'Whether the page loads only what allows it.',
  ),
  crossOriginResourcePolicy: ofPreset(
    ['same-origin', 'same-site', 'cross-origin'],
    'Whose pages may load the responses without CORS.',
  ),
  keep: list(value(token))
    .optional()
    .describe(
      'Fields of which the word of the upstream counts where it sends them. Left out: Content-Security-Policy, where no policy is written here.',
    ),
  remove: list(value(changedField))
    .prefault(['server', 'x-powered-by', 'x-aspnet-version', 'x-aspnetmvc-version'])
    .describe('Fields of upstreams that tell what they run on, and are taken away.'),
}))

const REFERRER_POLICIES = [
  'no-referrer',
  'no-referrer-when-downgrade',
  'origin',
  'origin-when-cross-origin',
  'same-origin',
  'strict-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
] as const

export type SecurityHeadersConfig = Read<typeof headers>

/** A preset by its name, a section, or none. */
export const securityHeadersSetting = once(() =>
  zod().union([
    off(),
    zod()
      .literal(PRESETS)
      .transform((preset): SecurityHeadersConfig => headers().parse({ preset })),
    headers(),
  ]),
)
