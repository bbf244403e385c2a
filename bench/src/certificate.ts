import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { outputOf } from './processes.ts'

/** The one certificate that all proxies present. */
export interface Certificate {
  certFile: string
  keyFile: string
  cert: string
}

/** Makes a self-signed ECDSA P-256 certificate in the folder; undefined when `openssl` is not there. */
export function makeCertificate(folder: string): Certificate | undefined {
  if (outputOf('openssl', ['version']) === undefined) return undefined
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', ...key, '-days', '30', ...name, '-out', certFile], {
    stdio: 'pipe',
  })
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8') }
}
