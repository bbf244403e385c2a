import { it } from 'node:test'
import { play } from './played-example.ts'

it(
  'the example with two gateways that share a cache does what its lines say, in order',
  { timeout: 120_000 },
  () =>
    play({
      name: 'shared-cache',
      service: 'services.ts',
      ready: /listens/,
      ports: ['8080', '9901', '9011', '9012', '9013', '9014'],
      lines: 12,
    }),
)
