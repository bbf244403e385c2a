import { it } from 'node:test'
import { play } from './played-example.ts'

it('the canary example does what its lines say, in order', { timeout: 60_000 }, () =>
  play({
    name: 'canary',
    service: 'services.ts',
    ready: /next listens/,
    ports: ['8080', '9901', '9061', '9062'],
    lines: 18,
  }),
)
