import type { Clock } from '@headgate/core'
import type { GatewayConfig } from './config/schema/schema.ts'
import { AUTHORITIES, loadAuthorities } from './features/client-certificates/authorities.ts'
import { CERTIFICATES, loadCertificates } from './features/tls/certificates.ts'
import { type ChallengeAnswers, CHALLENGES, NO_ANSWERS } from './features/tls/challenges.ts'
import { TICKET_KEYS, TicketKeyRotation, type TicketKeys } from './features/tls/session-tickets.ts'
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

/** What listeners with TLS need beside their configuration, and what changes while they serve. */
export class TlsInForce {
  /** Answers to authorities that look whether a name is ours. */
  challenges: ChallengeAnswers
  /** Tickets of sessions are made with the first of these keys, and those of all are accepted, from the next connections on. */
  ticketKeys: TicketKeys
  /** Undefined where another thread replaces the keys for all. */
  private readonly rotation: TicketKeyRotation | undefined

  /** @param given by another thread, where there is one */
  constructor(config: GatewayConfig, clock: Clock, given: SharedData | undefined) {
    const shared = given && new Shared(given)
    this.challenges = shared?.find(CHALLENGES, '') ?? NO_ANSWERS
    this.ticketKeys = shared?.find(TICKET_KEYS, '') ?? []
    if (shared !== undefined) return
    this.rotation = new TicketKeyRotation(clock, (keys) => (this.ticketKeys = keys))
    this.follow(config)
  }

  /** Goes by another configuration. */
  follow({ tls }: GatewayConfig): void {
    this.rotation?.follow(tls.sessionTickets)
  }

  /** Has what another thread says. */
  takeOver(shared: Shared): void {
    this.challenges = shared.find(CHALLENGES, '') ?? NO_ANSWERS
    this.ticketKeys = shared.find(TICKET_KEYS, '') ?? []
  }

  stop(): void {
    this.rotation?.stop()
  }
}
