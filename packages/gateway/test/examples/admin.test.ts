import { it } from 'node:test'
import { play } from './played-example.ts'

const services = {
  service: '../balancing/services.ts',
  ready: /c listens/,
  ports: ['8080', '9901', '9011', '9012', '9013'],
}

it('the admin example does what its lines say, in order', { timeout: 60_000 }, () =>
  play({ name: 'admin', ...services, lines: 20 }),
)

it('the reload example does what its lines say, in order', { timeout: 60_000 }, () =>
  play({ name: 'reload', ...services, lines: 8, isCopied: true }),
)
