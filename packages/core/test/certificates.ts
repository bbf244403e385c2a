import { X509Certificate } from 'node:crypto'
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
  /** Host names and addresses; others with their kind in front, as `URI:spiffe://shop.example/orders` or `email:a@shop.example`. */
  readonly names: readonly string[]
  /** The subject's common name. Default: the first of `names`. */
  readonly commonName?: string
  /** How long it is valid from now; negative for one that has expired. */
  readonly days?: number
  /** Who signs it; itself by default, and then it can sign others. */
  readonly ca?: Certificate
  /** Whether it can sign others all the same. Default: false. */
  readonly isAuthority?: boolean
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
    const altNames = names.map((name) =>
      /^(?:URI|email):/.test(name) ? name : `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`,
    )
    const authority = ca === undefined || options.isAuthority === true ? 'TRUE' : 'FALSE'
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

export interface RevocationOptions {
  /** How long the list is good from now; negative for one that has expired. Days. */
  readonly days?: number
}

/** A list of revoked certificates, in PEM. */
export function makeRevocationList(
  ca: Certificate,
  revoked: readonly Certificate[],
  { days = 2 }: RevocationOptions = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-revocation-'))
  const time = (daysFromNow: number): string =>
    new Date(Date.now() + daysFromNow * 86_400_000).toISOString().replaceAll(/[-T:]|\.\d+/g, '')
  try {
    const lines = revoked.map(({ cert }) => {
      const { serialNumber } = new X509Certificate(cert)
      return `R\t${time(100).slice(2)}\t${time(-1).slice(2)}\t${serialNumber}\tunknown\t/CN=revoked\n`
    })
    const config = '[ca]\ndefault_ca=own\n[own]\ndatabase=index\ndefault_md=sha256\n'
    const files = { index: lines.join(''), config, 'ca.pem': ca.cert, 'ca.key': ca.key }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const times = ['-crl_lastupdate', time(Math.min(days, 0) - 1), '-crl_nextupdate', time(days)]
    const words = ['ca', '-gencrl', '-config', 'config', '-keyfile', 'ca.key', '-cert', 'ca.pem', ...times]
    return execFileSync('openssl', words, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
