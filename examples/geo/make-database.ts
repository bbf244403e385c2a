import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeMmdb } from '../../packages/gateway/test/features/mmdb-writer.ts'

/**
 * A database of three networks that are reserved for documentation (RFC 5737, RFC 3849). A real one comes from MaxMind, DB-IP or
 * IPinfo.
 * @param germany another country for the first one, to see it change
 */
export function makeDatabase(folder: string, germany: string = 'DE'): void {
  const database = writeMmdb({
    '192.0.2.0/24': { country: { iso_code: germany }, continent: { code: 'EU' } },
    '198.51.100.0/24': {
      country: { iso_code: 'US' },
      continent: { code: 'NA' },
      subdivisions: [{ iso_code: 'CA' }],
    },
    '2001:db8::/32': { country: { iso_code: 'JP' }, continent: { code: 'AS' } },
  })
  writeFileSync(join(folder, 'places.mmdb'), database)
}

if (import.meta.main) makeDatabase(import.meta.dirname, process.argv[2])
