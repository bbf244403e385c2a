import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Bytes in front of what is sealed: what makes the key of this one text, and its nonce; and behind it: the tag. */
const SALT = 16
const NONCE = 12
const TAG = 16

/**
 * Encrypts what browsers keep for us, so that nobody can read or change it (AES-256-GCM). Each text has a key of its own, made of a
 * random salt: so many random nonces under one key would be too many at some time (NIST SP 800-38D 8.3). The first secret seals,
 * each of them opens: that is how one is replaced.
 */
export class Sealer {
  private readonly keys: readonly Buffer[]

  /**
   * @param secrets at least one, of 32 bytes or more
   * @param use what it is for: what is sealed for one use opens for no other
   */
  constructor(secrets: readonly string[], use: string) {
    this.keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', `headgate\n${use}`, 32)))
  }

  /** In characters that cookies may have. */
  seal(text: string): string {
    const [key] = this.keys
    if (key === undefined) throw new TypeError('there is no secret to seal with')
    const salt = randomBytes(SALT)
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv('aes-256-gcm', keyOf(key, salt), nonce)
    const content = [cipher.update(text, 'utf8'), cipher.final()]
    return Buffer.concat([salt, nonce, ...content, cipher.getAuthTag()]).toString('base64url')
  }

  /** @returns undefined for what was not sealed with one of the secrets, for this use, or was changed since */
  open(sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    const end = bytes.length - TAG
    if (end < SALT + NONCE) return undefined
    for (const key of this.keys) {
      const nonce = bytes.subarray(SALT, SALT + NONCE)
      const cipher = createDecipheriv('aes-256-gcm', keyOf(key, bytes.subarray(0, SALT)), nonce)
      cipher.setAuthTag(bytes.subarray(end))
      const content = cipher.update(bytes.subarray(SALT + NONCE, end))
      try {
        return Buffer.concat([content, cipher.final()]).toString('utf8')
      } catch {
        // Of another secret, or nobody's.
      }
    }
    return undefined
  }
}

function keyOf(key: Buffer, salt: Buffer): Buffer {
  return createHmac('sha256', key).update(salt).digest()
}
