import { createSecureContext, type ConnectionOptions, type TLSSocket } from 'node:tls'

/** What each of many connections does in its handshake of TLS. */
export interface HandshakeKind {
  /** Whether the session of a connection before is resumed, and not a whole handshake made. */
  resumed: boolean
  /** How many names are asked for, in turn: `n00000.example` and so on. Default: localhost alone. */
  names?: number
  /** Whether it is noted which certificates are served. */
  noted?: true
}

/** The name of one of many certificates. */
export function nameOf(index: number): string {
  return `n${String(index).padStart(5, '0')}.example`
}

/**
 * The client's side of handshakes, as light as it can be: one context for all, and nobody looks at certificates. One version, one cipher
 * suite and one group for all proxies: otherwise it would be their choice that is compared.
 */
export class Handshakes {
  /** The certificates that were served, where they are noted. */
  readonly served = new Set<string>()
  readonly #kind: HandshakeKind
  readonly #context = createSecureContext({
    minVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_128_GCM_SHA256',
    ecdhCurve: 'X25519',
  })
  #session: Buffer | undefined
  readonly #resuming = new WeakSet<TLSSocket>()
  #turn = 0

  constructor(kind: HandshakeKind) {
    this.#kind = kind
  }

  /** For the next connection. */
  next(): ConnectionOptions {
    const { names = 0 } = this.#kind
    const servername = names === 0 ? 'localhost' : nameOf(this.#turn++ % names)
    const session = this.#session && { session: this.#session }
    return { secureContext: this.#context, rejectUnauthorized: false, servername, ...session }
  }

  /** To be called with each socket that `next` was for, at once. */
  watch(socket: TLSSocket): void {
    if (!this.#kind.resumed) return
    if (this.#session !== undefined) this.#resuming.add(socket)
    socket.once('session', (session: Buffer) => (this.#session ??= session))
  }

  /** What went wrong in a handshake that is finished, if anything did: a whole one where there was a session to resume. */
  objection(socket: TLSSocket): string | undefined {
    if (this.#kind.noted) this.served.add(socket.getPeerX509Certificate()?.fingerprint256 ?? '')
    return this.#resuming.has(socket) && !socket.isSessionReused() ? 'not resumed' : undefined
  }
}
