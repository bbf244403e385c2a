import type { GatewayConfig } from './config/schema/schema.ts'
import { AUTHORITIES, loadAuthorities } from './features/client-certificates/authorities.ts'
import { CERTIFICATES, loadCertificates } from './features/tls/certificates.ts'
import { type ChallengeAnswers, CHALLENGES, NO_ANSWERS } from './features/tls/challenges.ts'
import type { TlsMaterial } from './listen/listen.ts'
import { Shared, type SharedData } from './shared.ts'

/** As another thread has read it, where there is one. */
export function materialFor(
  config: GatewayConfig,
  shared: SharedData | undefined,
  previous?: TlsMaterial,
): TlsMaterial {
  const known = shared && new Shared(shared)
  return {
    certificates: known?.find(CERTIFICATES, '') ?? loadCertificates(config, previous?.certificates),
    authorities: known?.find(AUTHORITIES, '') ?? loadAuthorities(config, previous?.authorities),
  }
}

/** Those that were there when this thread began. */
export function challengesIn(shared: SharedData | undefined): ChallengeAnswers {
  return (shared && new Shared(shared).find(CHALLENGES, '')) ?? NO_ANSWERS
}
