import type { Socket } from 'node:net'
import type { Server, TlsOptions, TLSSocket } from 'node:tls'
import { type ClientPolicy, pemOf } from '../features/client-certificates/policies.ts'
import { revocationBlocks } from '../features/client-certificates/revocation-list.ts'
import { sentBy, type Verdict, verify } from './client-verdict.ts'
import { alertRecord, serverSecret } from './handshake-alert.ts'

/** What is kept of a handshake until it is judged. */
interface Shown {
  /** The certificates that the client has sent. */
  sent: readonly Buffer[]
  secret: Buffer | undefined
}

/** How a context of node:tls asks clients for certificates, and what becomes of those that it gets. */
export class ClientVerification {
  private readonly policy: ClientPolicy
  private readonly shown = new WeakMap<TLSSocket, Shown>()

  constructor(policy: ClientPolicy) {
    this.policy = policy
  }

  /**
   * Sessions are not to be resumed: a ticket says what was found when it was made, and OpenSSL looks neither at authorities nor at lists
   * again. It holds no chain, either, which an upstream may be sent (RFC 9440 2.4).
   */
  get options(): TlsOptions {
    const { ca, crl } = this.policy.authorities
    const lists = revocationBlocks(pemOf(crl))
    return {
      ca: pemOf(ca),
      ...(lists.length > 0 && { crl: lists }),
      requestCert: true,
      // Node would close the connection without a word: `refuse` says why.
      rejectUnauthorized: false,
    }
  }

  /** Sees what Node tells during a handshake alone. */
  follow(context: Server): void {
    context.on('keylog', (line: Buffer, socket: TLSSocket) => {
      let shown = this.shown.get(socket)
      if (shown === undefined) {
        const begun: Shown = { sent: [], secret: undefined }
        // Before Node looks at the certificate, as some versions of it forget the others thereby (nodejs/node#65579).
        socket.prependOnceListener('secure', () => (begun.sent = sentBy(socket)))
        this.shown.set(socket, begun)
        shown = begun
      }
      shown.secret ??= serverSecret(line)
    })
  }

  judge(socket: TLSSocket): Verdict {
    return verify(socket, this.shown.get(socket)?.sent ?? [], this.policy)
  }

  /**
   * Ends a connection whose certificate was refused: with an alert over TLS 1.3. Over TLS 1.2, whose keys Node does not tell, it is closed.
   * @param below the socket that carries it; undefined where that is not known
   */
  refuse(socket: TLSSocket, below: Socket | undefined, alert: number): void {
    socket.on('error', () => {})
    const secret = this.shown.get(socket)?.secret
    const suite = socket.getCipher()?.standardName ?? ''
    const record = secret && below && alertRecord(secret, suite, alert)
    // What the client sends is thrown away, as a reset would destroy what it is told.
    socket.on('end', () => socket.destroy()).resume()
    if (record === undefined || below === undefined) socket.end()
    // Once OpenSSL has written what belongs to the handshake.
    else setImmediate(() => below.end(record))
  }
}
