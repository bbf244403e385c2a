import { it } from 'node:test'
import { play } from './played-example.ts'

it('the routing example does what its lines say, in order', { timeout: 60_000 }, () =>
  play({
    name: 'routing',
    service: 'services.ts',
    ready: /shadow listens/,
    ports: ['8080', '9901', '9021', '9022', '9023'],
    lines: 11,
  }),
)
