import { own } from '../peers/all.ts'
import { certifiedHeadgate } from '../peers/headgate.ts'
import { connections, newConnections } from './connection-per-request.ts'
import { cpuPerRequest, failedRequests } from './figures.ts'
import type { Workload } from './workload.ts'

const base = {
  tls: true,
  fresh: false,
  connections,
  extraSeconds: 0.2,
} as const

/** What of TLS a new connection costs, whole or resumed. */
function perConnection(name: string, what: string, resumed: boolean): Workload {
  const title = `89 bytes of JSON over TLS 1.3, a new connection with ${what} for each request, ${connections} at a time, 50 routes`
  return newConnections({ name, title, tls: true }, { resumed })
}

const one = '1 certificate'

/** What the choice of a certificate by its name costs, where there are many. */
const manyCertificates: Workload = {
  ...base,
  name: 'tls-names-10k',
  title: `${own.name} with 10,000 certificates against ${own.name} with one, a new connection for each request, for 200 names in turn`,
  reference: one,
  figures: [cpuPerRequest],
  contenders: (peers) =>
    peers.includes(own)
      ? [
          { name: one, peer: certifiedHeadgate(1), routes: 10, names: 1 },
          { name: '10,000 certificates', peer: certifiedHeadgate(10_000), routes: 10, names: 200 },
        ]
      : [],
  job: ({ target, window, names = 1 }, routes) => ({
    kind: 'connection-per-request',
    target,
    window,
    connections,
    routes,
    handshakes: { resumed: false, names },
  }),
}

/** Whether the swap of a certificate costs anybody a connection. */
const swappedCertificate: Workload = {
  ...base,
  name: 'tls-swap',
  title: `${own.name}, a new connection for each request, while its certificate and key are swapped for others again and again`,
  reference: own.name,
  figures: [failedRequests],
  contenders: (peers) => (peers.includes(own) ? [{ name: own.name, peer: own, routes: 10 }] : []),
  job: ({ target, window, certificate }, routes) => ({
    kind: 'connection-per-request',
    target,
    window,
    connections,
    routes,
    handshakes: { resumed: false, noted: true },
    ...(certificate && { swapped: certificate }),
  }),
}

export const handshakeWorkloads: readonly Workload[] = [
  perConnection('tls-full', 'a whole handshake (ECDSA P-256, X25519)', false),
  perConnection('tls-resumed', 'a resumed session', true),
  manyCertificates,
  swappedCertificate,
]
