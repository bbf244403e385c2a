import { generateKeyPairSync } from 'node:crypto'
import { makeCertificate } from '../authority/x509.ts'
import type { ChallengeCertificate } from '../features/tls/challenges.ts'
import type { Proof } from './proof.ts'

/** Milliseconds for which it is good: an order is over by then. */
const LIFE = 86_400_000

/** What an authority is shown that asks for `acme-tls/1` (RFC 8737 3): signed by itself, with the digest of the key authorization. */
export function challengeCertificate(
  { name, digest }: Pick<Proof, 'name' | 'digest'>,
  now: number,
): ChallengeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = 'ACME challenge'
  const cert = makeCertificate({
    subject,
    names: [name],
    publicKey,
    signer: { name: subject, privateKey },
    notBefore: now - LIFE,
    notAfter: now + LIFE,
    acmeIdentifier: digest,
  })
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}
