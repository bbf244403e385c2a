import { X509Certificate } from 'node:crypto'
import type { SharedKind } from '../../shared.ts'
import { whyUnreadable } from '../../settings/read/read-text.ts'
import { oneLine, sharedBytes } from '../tls/certificate.ts'
import { messageOf, type RefusedMaterial } from '../tls/certificates.ts'
import { certificateBlocks, isInlinePem, pemPlace, readPem, sha256 } from '../tls/pem.ts'
import type { WatchedKind } from '../tls/watch.ts'
import { readRevocationList, revocationBlocks, subjectOf } from './revocation-list.ts'
import { clientDemands, type ClientCertificatesConfig, type TrustConfig } from './setting.ts'

/** Authorities whose certificates are taken, and what they have revoked: as it was read. */
export interface LoadedAuthorities {
  /** Of all that it was made from: a file that holds something else makes another. */
  readonly digest: string
  /** In PEM, in memory that all threads share. */
  readonly ca: Uint8Array
  readonly crl: Uint8Array
  /** Where they are from: the path of the first file, or `inline`. */
  readonly from: string
  readonly names: readonly string[]
  /** When the first of its lists expires, in milliseconds since 1970-01-01 UTC; undefined where none does. */
  readonly nextUpdate: number | undefined
}

/** Those of a configuration, by the identity of their setting. */
export type Authorities = ReadonlyMap<string, LoadedAuthorities>

/** The kind of those in force among what threads share: once in memory, however many workers. */
export const AUTHORITIES: SharedKind<Authorities> = { name: 'authorities' }

/** Why authorities cannot be used, by which setting, and where in it. */
export class TrustError extends Error {
  readonly setting: 'ca' | 'crl'
  readonly index: number

  constructor(setting: TrustError['setting'], index: number, message: string) {
    super(message)
    this.setting = setting
    this.index = index
  }
}

/** The same setting makes the same one. */
export function trustIdentity({ ca, crl }: TrustConfig): string {
  return sha256('authorities', ...ca, 'lists', ...crl)
}

/** The files that they are read from. */
export function trustFiles({ ca, crl }: TrustConfig): string[] {
  return [...ca, ...crl].filter((written) => !isInlinePem(written))
}

/** What of a configuration says whom clients' certificates are trusted by. */
export interface TrustingConfig {
  readonly listeners: readonly {
    readonly tls?: { readonly clientCertificates?: ClientCertificatesConfig | undefined } | undefined
  }[]
}

/** Each setting once, though several listeners and names may have it. */
export function trustConfigs({ listeners }: TrustingConfig): ReadonlyMap<string, TrustConfig> {
  const demands = listeners.flatMap(({ tls }) => [...clientDemands(tls?.clientCertificates).values()])
  return new Map(demands.flatMap((demand) => (demand ? [[trustIdentity(demand.trust), demand.trust]] : [])))
}

/**
 * The authorities of a configuration.
 * @param previous those whose files hold what they held are not read again; where one is broken now, what was there before stays
 * @throws Error if one cannot be used, and there is none from before
 */
export function loadAuthorities(config: TrustingConfig, previous: Authorities = new Map()): Authorities {
  const loaded = new Map<string, LoadedAuthorities>()
  for (const [identity, trust] of trustConfigs(config)) {
    const known = previous.get(identity)
    try {
      loaded.set(identity, readAuthorities(trust, known))
    } catch (error) {
      if (known === undefined)
        throw new Error(`${nameOfTrust(trust)} ${whyUntrusted(error, trust).problem}`, { cause: error })
      loaded.set(identity, known)
    }
  }
  return loaded
}

/** For a message. */
function nameOfTrust({ ca: [first = ''] }: TrustConfig): string {
  return `the authorities ${isInlinePem(first) ? 'in the configuration' : first}`
}

function whyUntrusted(error: unknown, { ca, crl }: TrustConfig): RefusedMaterial {
  if (!(error instanceof TrustError)) return { place: pemPlace(ca[0] ?? ''), problem: messageOf(error) }
  const { setting, index, message } = error
  const place = pemPlace((setting === 'ca' ? ca : crl)[index] ?? '')
  const isFirst = setting === 'ca' && index === 0
  return { place, problem: isFirst ? message : `cannot be used: ${setting} ${place} ${message}` }
}

/**
 * Reads authorities and their lists.
 * @param previous is returned where the files hold what they held
 * @throws TrustError
 */
export function readAuthorities(trust: TrustConfig, previous?: LoadedAuthorities): LoadedAuthorities {
  const files = { ca: readAll('ca', trust.ca), crl: readAll('crl', trust.crl) }
  const digest = sha256('authorities', ...files.ca, 'lists', ...files.crl)
  if (previous?.digest === digest) return previous
  const certificates = files.ca.flatMap((text, index) => certificatesIn(text, index))
  refuseWithoutRoot(certificates)
  const lists = files.crl.flatMap((text, index) => listsIn(text, index))
  if (lists.length > 0) refuseUnlisted(certificates, lists)
  const ends = lists.flatMap(({ nextUpdate }) => nextUpdate ?? [])
  return {
    digest,
    ca: sharedBytes(certificates.map(({ certificate }) => certificate.toString()).join('')),
    crl: sharedBytes(lists.map(({ block }) => `${block}\n`).join('')),
    from: pemPlace(trust.ca[0] ?? ''),
    names: certificates.map(({ certificate }) => subjectText(certificate)),
    nextUpdate: ends.length === 0 ? undefined : Math.min(...ends),
  }
}

interface Found {
  readonly certificate: X509Certificate
  readonly index: number
}

function readAll(setting: TrustError['setting'], written: readonly string[]): Buffer[] {
  return written.map((each, index) => {
    try {
      return readPem(each)
    } catch (error) {
      throw new TrustError(setting, index, `cannot be read: ${whyUnreadable(error)}`)
    }
  })
}

function certificatesIn(text: Buffer, index: number): Found[] {
  const blocks = certificateBlocks(text.toString('latin1'))
  if (blocks.length === 0) throw new TrustError('ca', index, `cannot be used: ${lacks(text, 'certificate')}`)
  return blocks.map((block) => {
    try {
      return { certificate: new X509Certificate(block), index }
    } catch (error) {
      const reason = error instanceof Error && 'reason' in error ? String(error.reason) : 'it is not PEM'
      throw new TrustError('ca', index, `cannot be used: ${reason}`)
    }
  })
}

function listsIn(text: Buffer, index: number) {
  const blocks = revocationBlocks(text.toString('latin1'))
  if (blocks.length === 0)
    throw new TrustError('crl', index, `cannot be used: ${lacks(text, 'list (BEGIN X509 CRL)')}`)
  return blocks.map((block) => {
    const list = readRevocationList(block)
    if (list === undefined) throw new TrustError('crl', index, 'cannot be used: it is malformed')
    return { ...list, block }
  })
}

function lacks(text: Buffer, what: string): string {
  return text.includes('-----BEGIN ') ? `it holds no ${what}` : 'it is not PEM'
}

/** OpenSSL trusts what signs itself: an authority in between is of use only beside those up to such a one. */
function refuseWithoutRoot(all: readonly Found[]): void {
  for (const { certificate, index } of all) {
    const isRooted =
      certificate.checkIssued(certificate) ||
      all.some((other) => other.certificate !== certificate && certificate.checkIssued(other.certificate))
    if (isRooted) continue
    const problem = `${subjectText(certificate)} was signed by ${oneLine(certificate.issuer)}, which is not among the authorities; add it, up to the root`
    throw new TrustError('ca', index, `cannot be used: ${problem}`)
  }
}

/** With lists, each authority in a chain must have one: without its own, all of its clients would be refused. */
function refuseUnlisted(all: readonly Found[], lists: readonly { readonly issuer: string }[]): void {
  const listed = new Set(lists.map(({ issuer }) => issuer))
  const missing = all.find(({ certificate }) => !listed.has(subjectOf(certificate.raw) ?? ''))
  if (missing === undefined) return
  const name = subjectText(missing.certificate)
  throw new TrustError(
    'crl',
    0,
    `cannot be used alone: there is no list of ${name}, so that all of its clients would be refused`,
  )
}

function subjectText({ subject }: X509Certificate): string {
  return oneLine(subject)
}

/** They are read again when their files change. */
export const TRUSTED: WatchedKind<TrustingConfig, TrustConfig, LoadedAuthorities> = {
  settings: trustConfigs,
  files: trustFiles,
  load: readAuthorities,
  nameOf: nameOfTrust,
  refusalOf: whyUntrusted,
  describe: ({ names }) =>
    `${names.slice(0, 3).join('; ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`,
}
