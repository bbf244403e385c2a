import { createSecureContext } from 'node:tls'
import { list } from '../../settings/schema/list.ts'
import type { Fields } from '../../settings/problems/fields.ts'
import { type Finding, type Path, unused } from '../../settings/problems/problem.ts'
import { oneOf, value } from '../../settings/schema/setting.ts'
import { choice } from '../../settings/values/choice.ts'
import type { Kind } from '../../settings/values/kinds.ts'
import { refused, scalarText } from '../../settings/values/parsed.ts'
import { TLS12, TLS13 } from './suites.ts'

// Versions, suites, groups and signatures of a listener's own choice, in place of those of its preset.

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** Of TLS 1.2, for clients that can nothing better, by what is missing: they are warned of. */
const WEAK: Readonly<Record<string, string>> = {
  'ECDHE-ECDSA-AES128-SHA256': 'has no authenticated encryption',
  'ECDHE-RSA-AES128-SHA256': 'has no authenticated encryption',
  'ECDHE-ECDSA-AES256-SHA384': 'has no authenticated encryption',
  'ECDHE-RSA-AES256-SHA384': 'has no authenticated encryption',
  'ECDHE-ECDSA-AES128-SHA': 'has no authenticated encryption',
  'ECDHE-RSA-AES128-SHA': 'has no authenticated encryption',
  'AES128-GCM-SHA256': 'has no forward secrecy: who gets the key of the certificate reads all of before',
  'AES256-GCM-SHA384': 'has no forward secrecy: who gets the key of the certificate reads all of before',
}

/** Broken, or a way to have a server compute for nothing (finite-field Diffie-Hellman): no setting turns them on. */
const REFUSED = /NULL|EXP|RC[24]|DES|MD5|SEED|IDEA|CAMELLIA|ARIA|PSK|SRP|CCM8|^A(?:EC)?DH|^DHE|^EDH|_DHE_/i

const known = choice(
  [...TLS13, ...TLS12, ...Object.keys(WEAK)],
  Object.fromEntries(TLS12.map((suite) => [registeredName(suite), suite])),
)

const suite: Kind<string> = {
  ...known,
  parse(written) {
    const result = known.parse(written)
    if (result.ok || !REFUSED.test(scalarText(written))) return result
    return refused('is a suite that is not safe, and not spoken here')
  },
}

/** What IANA calls it, in lower case: `tls_ecdhe_rsa_with_aes_128_gcm_sha256`. */
function registeredName(name: string): string {
  const [exchange = '', signature = '', ...rest] = name.split('-')
  const cipher = rest
    .join('_')
    .replace(/^AES(\d+)/, 'AES_$1')
    .replace(/POLY1305$/, 'POLY1305_SHA256')
  return `TLS_${exchange}_${signature}_WITH_${cipher}`.toLowerCase()
}

const GROUPS = [
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
  'X25519',
  'P-256',
  'P-384',
  'P-521',
  'X448',
] as const

const OTHER_GROUPS = {
  prime256v1: 'P-256',
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
  curve25519: 'X25519',
} as const

const anyGroup = choice(GROUPS, OTHER_GROUPS)

const group: Kind<(typeof GROUPS)[number]> = {
  ...anyGroup,
  parse(written) {
    const result = anyGroup.parse(written)
    return !result.ok || isSupported(result.value) ? result : refused('is not known to this version of Node')
  },
}

/** Those that are safe from quantum computers of later came with OpenSSL 3.5. */
export function isSupported(groups: string): boolean {
  try {
    createSecureContext({ ecdhCurve: groups, ca: [] })
    return true
  } catch {
    return false
  }
}

const SIGNATURES = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'ed25519',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
] as const

/** The settings, for the section of a listener. */
export function ownChoices() {
  return {
    minVersion: oneOf(
      VERSIONS,
      'The oldest version of TLS that is accepted; with the preset modern it is TLSv1.3 all the same.',
    ).prefault('TLSv1.2'),
    maxVersion: oneOf(VERSIONS, 'The newest version of TLS that is accepted.').prefault('TLSv1.3'),
    suites: list(value(suite))
      .min(1)
      .optional()
      .describe(
        'Cipher suites in place of those of the preset, by the names that OpenSSL has for them; those that begin with TLS_ are of TLS 1.3.',
      ),
    groups: list(value(group))
      .min(1)
      .optional()
      .describe('Groups (curves) that keys are agreed on over, in place of those of the preset.'),
    signatureAlgorithms: list(oneOf(SIGNATURES))
      .min(1)
      .optional()
      .describe(
        'What handshakes may be signed with, by this side and by clients with certificates. Left out: what OpenSSL holds safe.',
      ),
  }
}

/** What of them does not go together. */
export function ownChoiceChecks(tls: Fields, path: Path): Finding[] {
  const { preset, minVersion, maxVersion = 'TLSv1.3', suites } = tls
  const oldest = preset === 'modern' ? 'TLSv1.3' : (minVersion ?? 'TLSv1.2')
  if (oldest === 'TLSv1.3' && maxVersion === 'TLSv1.2') {
    const problem = `leaves no version, as ${preset === 'modern' ? 'the preset modern has' : 'minVersion is'} TLSv1.3`
    return [{ path: [...path, 'maxVersion'], problem, allowed: 'TLSv1.3' }]
  }
  if (!Array.isArray(suites) || suites.length === 0) return []
  const findings: Finding[] = []
  for (const [version, other, isOfIt] of [
    ['TLSv1.2', 'minVersion: TLSv1.3', (name: unknown) => !isOf13(name)],
    ['TLSv1.3', 'maxVersion: TLSv1.2', isOf13],
  ] as const) {
    const isAccepted = oldest === version || maxVersion === version
    const first = suites.findIndex((each) => isOfIt(each))
    if (isAccepted && first < 0)
      findings.push({
        path: [...path, 'suites'],
        part: 'key',
        problem: `has no suite for ${version}, which is accepted`,
        hint: `add one, as ${version === 'TLSv1.3' ? TLS13[0] : TLS12[0]}, or ${other}`,
      })
    if (!isAccepted && first >= 0)
      findings.push(unused([...path, 'suites', first], `is without effect, as ${version} is not accepted`))
  }
  return findings
}

function isOf13(suite: unknown): boolean {
  return String(suite).startsWith('TLS_')
}

/** Suites that serve old clients, and nobody else well. */
export function ownChoiceWarnings(
  { suites = [] }: { readonly suites?: readonly string[] | undefined },
  path: Path,
): Finding[] {
  return suites.flatMap((each, index): Finding[] => {
    const lack = Object.hasOwn(WEAK, each) ? WEAK[each] : undefined
    if (lack === undefined) return []
    const hint = 'leave it out, unless clients are known that can nothing better'
    return [{ path: [...path, 'suites', index], whole: true, problem: `the suite ${each} ${lack}`, hint }]
  })
}
