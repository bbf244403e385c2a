import type { SecureContextOptions } from 'node:tls'
import { isSupported } from './own-choices.ts'
import type { ListenerTlsConfig } from './setting.ts'
import { TLS12, TLS13 } from './suites.ts'

const GROUPS = ['X25519', 'P-256', 'P-384']
/** Safe from quantum computers of later; OpenSSL has it from 3.5 on. */
const HYBRID = 'X25519MLKEM768'

let groupsOfPresets: string | undefined

/** What of a listener's TLS says how keys are agreed on, and what is encrypted and signed with. */
export type HandshakeChoices = Pick<
  ListenerTlsConfig,
  'preset' | 'minVersion' | 'maxVersion' | 'suites' | 'groups' | 'signatureAlgorithms'
>

/**
 * What a preset means to node:tls, and what a listener has chosen in place of it. Clients choose among the suites, as Mozilla has it: who
 * lacks AES in hardware takes ChaCha20.
 */
export function handshakeOptions({
  preset,
  minVersion,
  maxVersion,
  suites = [...TLS13, ...TLS12],
  groups,
  signatureAlgorithms,
}: HandshakeChoices): SecureContextOptions {
  groupsOfPresets ??= [...(isSupported(HYBRID) ? [HYBRID] : []), ...GROUPS].join(':')
  return {
    minVersion: preset === 'modern' ? 'TLSv1.3' : minVersion,
    maxVersion,
    ciphers: suites.join(':'),
    honorCipherOrder: false,
    ecdhCurve: groups?.join(':') ?? groupsOfPresets,
    ...(signatureAlgorithms && { sigalgs: signatureAlgorithms.join(':') }),
  }
}
