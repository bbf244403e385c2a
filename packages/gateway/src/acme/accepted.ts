import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { AcmeConfig } from '../features/tls/acme-setting.ts'
import { loadCertificate, type LoadedCertificate } from '../features/tls/certificate.ts'
import { reasonOf, refusalOf } from '../features/tls/certificates.ts'
import { certificateBlocks } from '../features/tls/pem.ts'
import { AcmeError } from './acme-error.ts'

/** A clock may be off by this much, and a certificate is dated back by an hour. Milliseconds. */
const SKEW = 3_600_000

export function newKey(kind: AcmeConfig['key']): KeyObject {
  if (kind === 'rsa2048') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  return generateKeyPairSync('ec', { namedCurve: kind === 'p384' ? 'P-384' : 'P-256' }).privateKey
}

/**
 * What an authority has handed out, if it can be served: it belongs to the key, is for all of the names and good today.
 * @param now milliseconds since 1970-01-01 UTC
 * @throws AcmeError if it is not
 */
export function acceptedCertificate(
  { chain, key }: { readonly chain: string; readonly key: string },
  names: readonly string[],
  directory: string,
  now: number,
): LoadedCertificate {
  const loaded = loadedFrom(chain, key)
  const { notBefore, notAfter, names: own } = loaded.facts
  const missing = names.filter((name) => !own.includes(name))
  if (missing.length > 0)
    throw new AcmeError(`the certificate of the authority is not for ${missing.join(', ')}`)
  if (notAfter <= now || notBefore > now + SKEW)
    throw new AcmeError(
      `the certificate of the authority is good from ${dateOf(notBefore)} to ${dateOf(notAfter)}; is the clock of this machine right?`,
    )
  return { ...loaded, facts: { ...loaded.facts, from: new URL(directory).host, isManaged: true } }
}

function loadedFrom(chain: string, key: string): LoadedCertificate {
  // Whatever else an authority sends is nothing that anybody reads, and no name of a file.
  const cert = certificateBlocks(chain).join('\n')
  if (cert === '') throw new AcmeError('the authority hands out something else than a certificate')
  try {
    return loadCertificate({ cert, key })
  } catch (error) {
    throw new AcmeError(`the certificate of the authority ${reasonOf(refusalOf(error, { cert, key }))}`)
  }
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16)
}
