import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { argon2Sync, scryptSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { hashSync } from 'bcryptjs'
import {
  parsePasswordHash,
  verifyPassword,
} from '../../../src/features/authentication/basic/password-hash.ts'

const salt = Buffer.from('sixteen bytes ok')
const phc = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')

/** SHA-crypt as another program computes it. */
function byOpenssl(scheme: string): string {
  const args = ['passwd', scheme, '-salt', 'saltstring', 'Hello world!']
  return execFileSync('openssl', args, { encoding: 'utf8' }).trim()
}

const HASHES: Readonly<Record<string, string>> = {
  bcrypt: hashSync('Hello world!', 4),
  'SHA-512': byOpenssl('-6'),
  'SHA-256': byOpenssl('-5'),
  scrypt: `$scrypt$ln=4,r=8,p=1$${phc(salt)}$${phc(scryptSync('Hello world!', salt, 32, { N: 16, r: 8, p: 1 }))}`,
  Argon2: `$argon2id$v=19$m=8,t=1,p=1$${phc(salt)}$${phc(
    argon2Sync('argon2id', {
      message: 'Hello world!',
      nonce: salt,
      memory: 8,
      passes: 1,
      parallelism: 1,
      tagLength: 32,
    }),
  )}`,
}

describe('the hash of a password', () => {
  for (const [scheme, hash] of Object.entries(HASHES)) {
    it(`by ${scheme} is compared with a password`, async () => {
      assert.ok(parsePasswordHash(hash).ok)
      assert.equal(await verifyPassword('Hello world!', hash), true)
      assert.equal(await verifyPassword('hello world!', hash), false)
      assert.equal(await verifyPassword('', hash), false)
    })
  }

  it('is refused where it would hold up all who wait behind it', () => {
    for (const hash of [
      HASHES['bcrypt']?.replace('$04$', '$31$'),
      `$6$rounds=999999999$saltstring$${'a'.repeat(86)}`,
      '$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ',
      '$scrypt$ln=30,r=8,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ',
    ])
      assert.ok(!parsePasswordHash(hash ?? '').ok, hash)
  })
})
