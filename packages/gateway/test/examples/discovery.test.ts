import { it } from 'node:test'
import { play } from './played-example.ts'

it('the discovery example does what its lines say, in order', () =>
  play({
    name: 'discovery',
    service: 'services.ts',
    ready: /name server listens/,
    ports: ['8080', '9901', '5353', '9021', '9022', '9023'],
    lines: 9,
  }))
