import { it } from 'node:test'
import { play } from './played-example.ts'

it('the balancing example does what its lines say, in order', { timeout: 60_000 }, () =>
  play({
    name: 'balancing',
    service: 'services.ts',
    ready: /c listens/,
    ports: ['8080', '9901', '9011', '9012', '9013'],
    lines: 8,
  }),
)
