import { directivesOf, NONCE } from './policy-text.ts'
import { PRESET } from './presets.ts'
import type { SecurityHeadersConfig } from './setting.ts'

/** A field that responses get. */
export interface SecurityField {
  readonly name: string
  readonly value: string
  /** Whether the upstream's own counts, where it sends one. */
  readonly isKept: boolean
}

const CSP = 'content-security-policy'

/** The fields that a route's responses get, with `'nonce'` where the nonce belongs. */
export function securityFields(config: SecurityHeadersConfig): SecurityField[] {
  const preset = config.preset === 'none' ? undefined : PRESET[config.preset]
  const keep = new Set(config.keep?.map((name) => name.toLowerCase()))
  if (config.keep === undefined && config.contentSecurityPolicy === undefined) keep.add(CSP)
  const frames = told<'none' | 'self' | readonly string[]>(config.frames, preset?.frames)
  const policy = told(config.contentSecurityPolicy, preset?.contentSecurityPolicy)
  const values: readonly (readonly [name: string, value: string | undefined])[] = [
    [CSP, withFrames(policy, frames)],
    [`${CSP}-report-only`, config.contentSecurityPolicyReportOnly],
    ['x-content-type-options', told(config.contentTypeOptions, preset?.contentTypeOptions)],
    ['x-frame-options', frames === 'none' ? 'DENY' : frames === 'self' ? 'SAMEORIGIN' : undefined],
    ['referrer-policy', told(config.referrerPolicy, preset?.referrerPolicy)],
    ['permissions-policy', told(config.permissionsPolicy, preset?.permissionsPolicy)],
    ['cross-origin-opener-policy', told(config.crossOriginOpenerPolicy, preset?.crossOriginOpenerPolicy)],
    [
      'cross-origin-embedder-policy',
      told(config.crossOriginEmbedderPolicy, preset?.crossOriginEmbedderPolicy),
    ],
    [
      'cross-origin-resource-policy',
      told(config.crossOriginResourcePolicy, preset?.crossOriginResourcePolicy),
    ],
  ]
  return values.flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value, isKept: keep.has(name) }],
  )
}

function told<T>(own: T | false | undefined, ofPreset: T | undefined): T | undefined {
  if (own === undefined) return ofPreset
  return own === false ? undefined : own
}

/** Of X-Frame-Options and frame-ancestors, browsers that know the latter go by it alone (CSP3 6.4.2.2): they must say the same. */
function withFrames(
  policy: string | undefined,
  frames: 'none' | 'self' | readonly string[] | undefined,
): string | undefined {
  if (frames === undefined || (policy !== undefined && tellsFrames(policy))) return policy
  const sources = typeof frames === 'string' ? `'${frames}'` : frames.join(' ')
  return [...(policy === undefined ? [] : [policy.replace(/[; ]+$/, '')]), `frame-ancestors ${sources}`].join(
    '; ',
  )
}

export function tellsFrames(policy: string): boolean {
  return directivesOf(policy).some(([name]) => name === 'frame-ancestors')
}

export function holdsNonce(policy: unknown): boolean {
  return typeof policy === 'string' && policy.includes(NONCE)
}
