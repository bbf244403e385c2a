import { createCipheriv, createHmac } from 'node:crypto'

/** What the secret that a server encrypts with is called among those of a handshake of TLS 1.3 (SSLKEYLOGFILE). */
const SERVER_SECRET = 'SERVER_TRAFFIC_SECRET_0 '

/** The secret that the server's records are encrypted with from the end of a handshake on, in a line of Node's `keylog`. */
export function serverSecret(line: Buffer): Buffer | undefined {
  if (!line.toString('latin1', 0, SERVER_SECRET.length).startsWith(SERVER_SECRET)) return undefined
  const secret = line.toString('latin1').trim().split(' ')[2]
  return secret === undefined ? undefined : Buffer.from(secret, 'hex')
}

interface Suite {
  readonly hash: 'sha256' | 'sha384'
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
  readonly keyLength: number
}

const SUITES: Readonly<Record<string, Suite>> = {
  TLS_AES_128_GCM_SHA256: { hash: 'sha256', cipher: 'aes-128-gcm', keyLength: 16 },
  TLS_AES_256_GCM_SHA384: { hash: 'sha384', cipher: 'aes-256-gcm', keyLength: 32 },
  TLS_CHACHA20_POLY1305_SHA256: { hash: 'sha256', cipher: 'chacha20-poly1305', keyLength: 32 },
}

/** OpenSSL sends two tickets behind a handshake, each in a record of its own, whether they are good for anything or not. */
const RECORDS_BEFORE = 2

const FATAL = 2
const ALERT = 21
const IV_LENGTH = 12
const TAG_LENGTH = 16
/** Of application data, as all records are that are encrypted (RFC 8446 5.2): an alert, its type, and the tag. */
const HEADER = Buffer.from([23, 3, 3, 0, 3 + TAG_LENGTH])

/**
 * A fatal alert as the first record of the server behind a handshake of TLS 1.3. Node verifies a client's certificate when OpenSSL
 * has ended the handshake, and then can but close the connection without a word; with this, the client is told why.
 * @returns undefined for a suite that is not known
 */
export function alertRecord(secret: Buffer, suiteName: string, alert: number): Buffer | undefined {
  const suite = Object.hasOwn(SUITES, suiteName) ? SUITES[suiteName] : undefined
  if (suite === undefined) return undefined
  const key = expand(suite, secret, 'key', suite.keyLength)
  const nonce = expand(suite, secret, 'iv', IV_LENGTH)
  nonce.writeUInt8(nonce.readUInt8(IV_LENGTH - 1) ^ RECORDS_BEFORE, IV_LENGTH - 1)
  const cipher = createCipheriv(suite.cipher as 'aes-128-gcm', key, nonce, { authTagLength: TAG_LENGTH })
  cipher.setAAD(HEADER, { plaintextLength: 3 })
  const sealed = cipher.update(Buffer.from([FATAL, alert, ALERT]))
  return Buffer.concat([HEADER, sealed, cipher.final(), cipher.getAuthTag()])
}

/** HKDF-Expand-Label without a context (RFC 8446 7.1), for what one block of the hash holds. */
function expand({ hash }: Suite, secret: Buffer, label: string, length: number): Buffer {
  const name = `tls13 ${label}`
  const info = Buffer.concat([Buffer.from([0, length, name.length]), Buffer.from(name), Buffer.from([0, 1])])
  return createHmac(hash, secret).update(info).digest().subarray(0, length)
}
