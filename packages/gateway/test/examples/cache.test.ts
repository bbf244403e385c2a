import { it } from 'node:test'
import { play } from './played-example.ts'

it('the cache example does what its lines say, in order', { timeout: 120_000 }, () =>
  play({
    name: 'cache',
    service: 'services.ts',
    ready: /listens/,
    ports: ['8080', '9901', '9011', '9012'],
    lines: 12,
  }),
)
