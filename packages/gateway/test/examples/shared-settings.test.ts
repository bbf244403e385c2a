import { it } from 'node:test'
import { play } from './played-example.ts'

it('the example of shared settings does what its lines say, in order', { timeout: 60_000 }, () =>
  play({
    name: 'shared-settings',
    service: '../routing/services.ts',
    ready: /shadow listens/,
    ports: ['8080', '9901', '9021', '9022', '9023'],
    lines: 6,
  }),
)
