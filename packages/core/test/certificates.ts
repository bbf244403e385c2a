import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** In PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

export interface CertificateOptions {
  /** Host names and addresses. */
  readonly names: readonly string[]
  /** The subject's common name. Default: the first of `names`. */
  readonly commonName?: string
  /** How long it is valid from now; negative for one that has expired. */
  readonly days?: number
  /** Who signs it; itself by default, and then it can sign others. */
  readonly ca?: Certificate
  /** ECDSA P-256, RSA of 2,048 bits, or of 1,024. Default: ecdsa. */
  readonly key?: 'ecdsa' | 'rsa' | 'weak'
  /** Further lines of the extensions, as openssl has them. */
  readonly extensions?: string
  /** Default: SHA-256. */
  readonly hash?: 'sha1'
}

const KEYS = {
  ecdsa: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  rsa: ['rsa:2048'],
  weak: ['rsa:1024'],
}

/** Makes a key and a certificate with openssl, which every machine that runs these tests has. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { names, commonName, days = 2, ca, extensions = '', hash = 'sha256' } = options
  const folder = mkdtempSync(join(tmpdir(), 'headgate-certificate-'))
  const file = (name: string): string => join(folder, name)
  const openssl = (...words: string[]): void => {
    execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  try {
    const altNames = names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`)
    const authority = ca === undefined ? 'TRUE' : 'FALSE'
    writeFileSync(
      file('ext'),
      `subjectAltName=${altNames.join(',')}\nbasicConstraints=critical,CA:${authority}\n${extensions}\n`,
    )
    const key = ['-newkey', ...KEYS[options.key ?? 'ecdsa'], '-nodes', '-keyout', 'key']
    openssl('req', '-new', ...key, '-subj', `/CN=${commonName ?? names[0] ?? 'nameless'}`, '-out', 'request')
    if (ca !== undefined) {
      writeFileSync(file('ca-key'), ca.key)
      writeFileSync(file('ca-cert'), ca.cert)
    }
    const signer =
      ca === undefined ? ['-signkey', 'key'] : ['-CA', 'ca-cert', '-CAkey', 'ca-key', '-CAcreateserial']
    openssl(
      'x509',
      '-req',
      '-in',
      'request',
      ...signer,
      `-${hash}`,
      '-days',
      String(days),
      '-extfile',
      'ext',
      '-out',
      'cert',
    )
    return { key: readFileSync(file('key'), 'utf8'), cert: readFileSync(file('cert'), 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
