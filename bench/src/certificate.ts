import { execFileSync } from 'node:child_process'
import { createPrivateKey, sign, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nameOf } from './load/handshakes.ts'
import { outputOf } from './processes.ts'

/** The one certificate that all proxies present. */
export interface Certificate {
  certFile: string
  keyFile: string
  cert: string
}

/** Makes a self-signed ECDSA P-256 certificate in the folder; undefined when `openssl` is not there. */
export function makeCertificate(folder: string, host: string = 'localhost'): Certificate | undefined {
  if (outputOf('openssl', ['version']) === undefined) return undefined
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const name = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host},IP:127.0.0.1`]
  execFileSync('openssl', ['req', '-x509', ...key, '-days', '30', ...name, '-out', certFile], {
    stdio: 'pipe',
  })
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8') }
}

/**
 * Makes certificates for `n00000.example` and so on, with one key. openssl makes the first; the others are copies of that with another
 * name of the same length, signed anew: a process for each would take minutes for ten thousand.
 */
export function makeCertificates(folder: string, count: number): Pick<Certificate, 'certFile' | 'keyFile'>[] {
  const place = join(folder, 'certificates')
  mkdirSync(place)
  const first = makeCertificate(place, nameOf(0))
  if (first === undefined) throw new Error('no `openssl` on the path')
  const { keyFile } = first
  const key = createPrivateKey(readFileSync(keyFile))
  const { raw } = new X509Certificate(first.cert)
  // Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE, signature BIT STRING }; lengths have two bytes.
  const end = 8 + raw.readUInt16BE(6)
  const algorithm = raw.subarray(end, end + 2 + (raw[end + 1] ?? 0))
  return Array.from({ length: count }, (_, index) => {
    const tbs = Buffer.from(raw.toString('latin1', 4, end).replaceAll(nameOf(0), nameOf(index)), 'latin1')
    const signature = sign('sha256', tbs, key)
    const bits = Buffer.concat([Buffer.from([0x03, signature.length + 1, 0]), signature])
    const body = Buffer.concat([tbs, algorithm, bits])
    const der = Buffer.concat([Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]), body])
    const certFile = join(place, `${index}.pem`)
    const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n')
    writeFileSync(certFile, `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`)
    return { certFile, keyFile }
  })
}
