import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeRevocationList } from '../../../core/test/certificates.ts'
import { folder } from '../headgate-process.ts'
import { writeMmdb } from '../features/mmdb-writer.ts'
import { ROOT } from '../../../../scripts/docs/markdown.ts'

/** A folder as a reader has it who installed Headgate there: `npx headgate` and `import 'headgate'` find it. */
export function project(files: Readonly<Record<string, string>> = {}): string {
  const path = folder(files)
  for (const [name, content] of Object.entries(databases())) writeFileSync(join(path, name), content)
  symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  return path
}

/** Those that the examples name. */
function databases(): Readonly<Record<string, Buffer>> {
  return {
    'GeoLite2-City.mmdb': writeMmdb({
      '192.0.2.0/24': { country: { iso_code: 'DE' }, continent: { code: 'EU' } },
    }),
    'GeoLite2-ASN.mmdb': writeMmdb({ '192.0.2.0/24': { autonomous_system_number: 64_500 } }),
  }
}

/** npm must neither ask anybody for anything nor say more than it was asked. */
export const QUIET_NPM: Readonly<Record<string, string>> = {
  npm_config_offline: 'true',
  npm_config_update_notifier: 'false',
  npm_config_loglevel: 'error',
}

/** Makes the folder of pages that the examples serve. */
export function makeSite(path: string): void {
  mkdirSync(join(path, 'dist'))
  for (const name of ['index.html', '404.html']) writeFileSync(join(path, 'dist', name), '<h1>Shop</h1>')
}

/** Makes the certificates and keys that the examples name. */
export function makeCertificates(path: string): void {
  for (const [cert, key] of [
    ['fullchain.pem', 'privkey.pem'],
    ['internal-ca.pem', 'internal-ca.key'],
    ['client.pem', 'client.key'],
    ['pay.pem', 'pay.key'],
    ['pay-rsa.pem', 'pay-rsa.key'],
    ['clients-ca.pem', 'clients-ca.key'],
    ['server.pem', 'server.key'],
  ] as const) {
    const options = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=example',
    ]
    const args = ['req', ...options, '-out', cert, '-keyout', key]
    execFileSync('openssl', args, { cwd: path, stdio: 'ignore' })
  }
  const text = (name: string): string => readFileSync(join(path, name), 'utf8')
  const authorities = ['clients-ca', 'internal-ca'].map((name) => ({
    cert: text(`${name}.pem`),
    key: text(`${name}.key`),
  }))
  const lists = authorities.map((each) => makeRevocationList(each, []))
  writeFileSync(join(path, 'revoked.pem'), lists.join(''))
  writeFileSync(join(path, 'passphrase.txt'), 'of no key here\n')
  writeFileSync(join(path, 'keys.txt'), '# no keys\n')
}
