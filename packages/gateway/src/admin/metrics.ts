import { EXPOSITION_TYPE } from '@headgate/core'
import type { AdminEndpoint } from './endpoint.ts'

/** `/metrics`: read from the workers' memories, so that neither they nor whoever asks wait for the other. */
export function metrics(render: () => string): AdminEndpoint {
  return {
    path: '/metrics',
    id: 'getMetrics',
    type: EXPOSITION_TYPE,
    about: 'metrics of all workers together, in the text format of Prometheus',
    answer: () => ({ status: 200, type: EXPOSITION_TYPE, body: render() }),
  }
}
