import { it } from 'node:test'
import { play } from './played-example.ts'

for (const name of ['rate-limits', 'resilience']) {
  it(`the ${name} example does what its lines say, in order`, { timeout: 60_000 }, () =>
    play({ name, service: 'service.ts', ready: /listens/, ports: ['8080', '9901', '9011'], lines: 5 }),
  )
}
