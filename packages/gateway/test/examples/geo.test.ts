import { it } from 'node:test'
import { makeDatabase } from '../../../../examples/geo/make-database.ts'
import { play } from './played-example.ts'

it('the example of where clients are does what its lines say, in order', { timeout: 60_000 }, () =>
  play({
    name: 'geo',
    service: 'services.ts',
    ready: /near listens[^]*far listens|far listens[^]*near listens/,
    ports: ['8080', '9901', '9041', '9042'],
    lines: 11,
    prepare: (folder) => makeDatabase(folder),
  }),
)
