import { it } from 'node:test'
import { play } from './played-example.ts'

it('the gRPC example does what its lines say, in order', { timeout: 60_000 }, () =>
  play({
    name: 'grpc',
    service: 'services.ts',
    ready: /shop\.Carts listens/,
    ports: ['8080', '9901', '9071', '9072'],
    lines: 10,
  }),
)
