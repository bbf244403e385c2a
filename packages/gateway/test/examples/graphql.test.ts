import { it } from 'node:test'
import { play } from './played-example.ts'

it('the graphql example does what its lines say, in order', { timeout: 60_000 }, () =>
  play({
    name: 'graphql',
    service: 'services.ts',
    ready: /writes listens/,
    ports: ['8080', '9901', '9061', '9062'],
    lines: 12,
  }),
)
