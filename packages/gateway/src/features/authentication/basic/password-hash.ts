import { argon2Sync, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Kind } from '../../../settings/values/kinds.ts'
import { parsed, type Parsed, refused } from '../../../settings/values/parsed.ts'

/** A way to hash passwords: how a hash is written, what it may cost, and how a password is compared with it. */
interface Scheme {
  readonly name: string
  readonly form: RegExp
  /** Why it costs too much, or cannot be computed here; undefined if it can. */
  readonly problem?: (parts: RegExpExecArray) => string | undefined
  /** Takes as long as the hash asks for: for a thread of its own. */
  readonly verify: (password: string, parts: RegExpExecArray) => boolean | Promise<boolean>
}

/** A hash that takes longer than some seconds keeps all who wait behind it waiting. */
const LARGEST_BCRYPT = 15
const MOST_ROUNDS = 1_000_000
/** KiB. */
const MOST_MEMORY = 1024 * 1024

const B64 = '[A-Za-z0-9+/]+'

const SCHEMES: readonly Scheme[] = [
  {
    name: 'bcrypt',
    form: /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/,
    problem: ([, cost]) =>
      Number(cost) < 4 || Number(cost) > LARGEST_BCRYPT
        ? `has the cost ${Number(cost)}, and costs are from 4 to ${LARGEST_BCRYPT}`
        : undefined,
    async verify(password, [hash]) {
      const { compareSync } = await import('bcryptjs')
      return compareSync(password, hash)
    },
  },
  {
    name: 'SHA-crypt',
    form: /^\$(?:5\$(?=.*\$[./A-Za-z0-9]{43}$)|6\$(?=.*\$[./A-Za-z0-9]{86}$))(?:rounds=(\d{1,9})\$)?[./A-Za-z0-9]{0,16}\$[./A-Za-z0-9]+$/,
    problem: ([, rounds]) =>
      rounds !== undefined && Number(rounds) > MOST_ROUNDS
        ? `has more than ${MOST_ROUNDS} rounds`
        : undefined,
    async verify(password, [hash]) {
      const { verify } = await import('unixcrypt')
      return verify(password, hash)
    },
  },
  {
    name: 'Argon2',
    form: new RegExp(
      `^\\$(argon2(?:id|i|d))\\$v=19\\$m=(\\d{1,8}),t=(\\d{1,4}),p=(\\d{1,3})\\$(${B64})\\$(${B64})$`,
    ),
    problem([, , memory]) {
      // Node 24.7 and later have it.
      if (typeof argon2Sync !== 'function') return 'is of Argon2, which this version of Node does not compute'
      return Number(memory) > MOST_MEMORY ? `takes more than ${MOST_MEMORY / 1024} MiB of memory` : undefined
    },
    verify(password, [, algorithm = '', memory, passes, parallelism, salt = '', expected = '']) {
      const wanted = Buffer.from(expected, 'base64')
      const found = argon2Sync(algorithm as Parameters<typeof argon2Sync>[0], {
        message: password,
        nonce: Buffer.from(salt, 'base64'),
        memory: Number(memory),
        passes: Number(passes),
        parallelism: Number(parallelism),
        tagLength: wanted.length,
      })
      return timingSafeEqual(found, wanted)
    },
  },
  {
    name: 'scrypt',
    form: new RegExp(`^\\$scrypt\\$ln=(\\d{1,2}),r=(\\d{1,3}),p=(\\d{1,3})\\$(${B64})\\$(${B64})$`),
    problem: ([, log, r]) =>
      (2 ** Number(log) * Number(r)) / 8 > MOST_MEMORY ? 'takes more than 1 GiB of memory' : undefined,
    verify(password, [, log, r, p, salt = '', expected = '']) {
      const wanted = Buffer.from(expected, 'base64')
      const cost = { N: 2 ** Number(log), r: Number(r), p: Number(p), maxmem: MOST_MEMORY * 1024 + 2 ** 25 }
      return timingSafeEqual(scryptSync(password, Buffer.from(salt, 'base64'), wanted.length, cost), wanted)
    },
  },
]

/** What is not taken, and what to do about it. */
const WEAK: readonly (readonly [form: RegExp, problem: string])[] = [
  [/^\$apr1\$|^\$1\$/, 'is of MD5, which a computer tries out in hours'],
  [/^\{SHA\}/, 'is of SHA-1 without salt, which a computer tries out in minutes'],
]

const HINT = 'htpasswd -B (bcrypt) makes one that is taken'

/** The hash of a password: operators are not shown it. */
export const passwordHash: Kind<string> = {
  allowed: 'a hash by bcrypt ($2b$…), SHA-crypt ($6$…, $5$…), Argon2 ($argon2id$…) or scrypt ($scrypt$…)',
  json: { type: 'string', pattern: '^\\$(?:2[aby]|5|6|argon2(?:id|i|d)|scrypt)\\$', writeOnly: true },
  parse: (written) =>
    typeof written === 'string' ? parsePasswordHash(written) : refused('is not the hash of a password'),
}

export function parsePasswordHash(written: string): Parsed<string> {
  for (const [form, problem] of WEAK) if (form.test(written)) return refused(problem, HINT)
  for (const { form, problem } of SCHEMES) {
    const parts = form.exec(written)
    if (parts === null) continue
    const found = problem?.(parts)
    return found === undefined ? parsed(written) : refused(found)
  }
  return refused('is not the hash of a password', `a password itself is not taken: ${HINT}`)
}

/**
 * Whether the password is the one that was hashed. Takes as long as the hash asks for.
 * @throws TypeError for what `parsePasswordHash` refuses
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  for (const { form, verify } of SCHEMES) {
    const parts = form.exec(hash)
    if (parts !== null) return verify(password, parts)
  }
  throw new TypeError('is not the hash of a password')
}
