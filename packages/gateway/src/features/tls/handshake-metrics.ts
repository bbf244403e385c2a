import { type HandshakeListener, type MetricRegistry, TLS_FAILURES, type TlsFailure } from '@headgate/core'
import { metric } from '../../metrics/metric.ts'

const HANDSHAKES = metric({
  kind: 'counter',
  name: 'headgate_upstream_tls_handshakes_total',
  labels: ['upstream', 'kind'],
  help: 'Handshakes of TLS with endpoints of the upstream that were finished: full, or resumed from a session of before.',
})

const FAILURES = metric({
  kind: 'counter',
  name: 'headgate_upstream_tls_failures_total',
  labels: ['upstream', 'reason'],
  help: 'Handshakes of TLS with endpoints of the upstream that failed: the certificate of the endpoint is untrusted, expired (or not yet valid), of a wrong_name or has a pin_mismatch, it refused our client_certificate, no version or protocol in common, not_tls at all, closed, timeout, other.',
  sparse: true,
})

/** Counts the handshakes of an upstream. */
export function handshakeMetrics(metrics: MetricRegistry, upstream: string): HandshakeListener {
  const full = metrics.get(HANDSHAKES, { upstream, kind: 'full' })
  const resumed = metrics.get(HANDSHAKES, { upstream, kind: 'resumed' })
  const failures = new Map<TlsFailure, ReturnType<typeof counter>>()
  const counter = (reason: TlsFailure) => metrics.get(FAILURES, { upstream, reason })
  for (const reason of TLS_FAILURES) failures.set(reason, counter(reason))
  return {
    secured: (isResumed) => (isResumed ? resumed : full).add(1),
    failed: (why) => failures.get(why)?.add(1),
  }
}
