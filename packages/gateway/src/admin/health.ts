import type { SupervisorStatus } from '../workers/supervisor.ts'
import { type AdminEndpoint, problem } from './endpoint.ts'

const OK = { status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' }

/** `/healthz`: whether this process can answer at all. A failure means that it should be restarted. */
export const liveness: AdminEndpoint = {
  path: '/healthz',
  id: 'getLiveness',
  type: OK.type,
  about: 'liveness: 200 as long as this process can answer',
  answer: () => OK,
}

/**
 * `/readyz`: whether traffic should be sent here. While one of several workers is being replaced, the others serve:
 * taking the whole gateway out of its load balancer would turn a scratch into an outage.
 */
export function readiness(status: () => SupervisorStatus): AdminEndpoint {
  return {
    path: '/readyz',
    id: 'getReadiness',
    type: OK.type,
    refusals: { 503: 'it starts or drains, or no worker listens' },
    about:
      'readiness: 200 when traffic can be served; 503 while starting or draining, or when no worker listens',
    answer() {
      const reason = notReady(status())
      return reason === undefined ? OK : problem(503, 'Not ready', reason)
    },
  }
}

function notReady({ phase, workers }: SupervisorStatus): string | undefined {
  const listening = workers.filter((state) => state === 'listening').length
  switch (phase) {
    case 'starting':
      return `starting: ${listening} of ${workers.length} workers listen`
    case 'draining':
      return 'draining: exchanges in flight are finished, new connections are refused'
    case 'stopped':
      return 'stopped'
    case 'running':
      return listening > 0
        ? undefined
        : `none of ${workers.length} workers listens: they crashed and are being replaced`
  }
}
