import { it } from 'node:test'
import { play } from './played-example.ts'

it('the failover example does what its lines say, in order', () =>
  play({
    name: 'failover',
    service: 'services.ts',
    ready: /far listens/,
    ports: ['8080', '9901', '9011', '9012', '9013', '9014'],
    lines: 15,
  }))
