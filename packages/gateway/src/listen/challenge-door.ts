import type { Socket } from 'node:net'
import { createServer } from 'node:tls'
import { own } from '@headgate/core'
import type { ChallengeCertificate } from '../features/tls/challenges.ts'

/**
 * Shows an authority the certificate that it looks for (RFC 8737 3). The handshake is all there is to it: the connection ends with it, and
 * HTTP never sees it. The socket has its limit of time already.
 */
export function showChallenge(socket: Socket, { cert, key }: ChallengeCertificate): void {
  const server = createServer(
    own({ cert, key, ca: [], ALPNProtocols: ['acme-tls/1'], minVersion: 'TLSv1.2' as const }),
  )
  server.on('secureConnection', (secured) => {
    secured.on('error', () => {}).resume()
    secured.end()
  })
  // The socket is closed by then.
  server.on('tlsClientError', () => {})
  server.emit('connection', socket)
}
