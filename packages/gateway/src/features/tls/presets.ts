import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { ListenerTlsConfig } from './setting.ts'

/** Of TLS 1.3, in both presets. */
const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

/**
 * Of TLS 1.2: forward secrecy and authenticated encryption. The three suites with finite-field Diffie-Hellman, which Mozilla's
 * guidelines had up to 5.7, are left out: a client makes a server compute them for nothing (D(HE)at, CVE-2002-20001).
 */
const TLS12 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

const GROUPS = ['X25519', 'prime256v1', 'secp384r1']
/** Safe from quantum computers of later; OpenSSL has it from 3.5 on. */
const HYBRID = 'X25519MLKEM768'

let groups: string | undefined

/** What a preset means to node:tls. Clients choose among the suites, as Mozilla has it: who lacks AES in hardware takes ChaCha20. */
export function presetOptions({
  preset,
  minVersion,
}: Pick<ListenerTlsConfig, 'preset' | 'minVersion'>): SecureContextOptions {
  groups ??= supportedGroups()
  return {
    minVersion: preset === 'modern' ? 'TLSv1.3' : minVersion,
    maxVersion: 'TLSv1.3',
    ciphers: [...TLS13, ...TLS12].join(':'),
    honorCipherOrder: false,
    ecdhCurve: groups,
  }
}

function supportedGroups(): string {
  const all = [HYBRID, ...GROUPS].join(':')
  try {
    createSecureContext({ ecdhCurve: all, ca: [] })
    return all
  } catch {
    return GROUPS.join(':')
  }
}
