import { createHmac, randomBytes } from 'node:crypto'
import { BoundedMap, type Exchange } from '@headgate/core'
import { ABSENT, type Authenticator, type IsRefused, type Verdict } from '../authenticator.ts'
import type { Identity } from '../../identity.ts'
import type { PasswordThreads } from './password-threads.ts'
import type { BasicConfig } from './setting.ts'

/** Passwords that were right a moment ago are not hashed again; so many of them are known. */
const MOST_KNOWN = 10_000
/** Milliseconds for which one is known. */
const KNOWN_FOR = 5 * 60_000

/** Longer than any that people have, and short enough to hash. */
const LONGEST = 4096

/** Users with passwords (RFC 7617). */
export class BasicAuthenticator implements Authenticator {
  readonly name: string
  readonly challenge: string
  readonly takesPasswords = true
  private readonly users: ReadonlyMap<string, string>
  private readonly groups: BasicConfig['groups']
  private readonly threads: PasswordThreads
  /** By their MAC: whoever sees this memory learns no password. */
  private readonly known = new BoundedMap<{ readonly identity: Identity; readonly until: number }>(MOST_KNOWN)
  private readonly key = randomBytes(32)

  constructor(name: string, { users, groups, realm }: BasicConfig, threads: PasswordThreads) {
    this.name = name
    this.challenge = `Basic realm="${realm}", charset="UTF-8"`
    this.users = new Map(Object.entries(users))
    this.groups = groups
    this.threads = threads
  }

  verify(exchange: Exchange, isRefused: IsRefused): Verdict | Promise<Verdict> {
    const sent = basicCredentials(exchange.request.headers.get('authorization'))
    if (sent === 'absent') return ABSENT
    if (sent === 'malformed') return { kind: 'rejected', reason: 'the Basic credentials are malformed' }
    const { user, password } = sent
    const mac = createHmac('sha256', this.key).update(`${user}\0${password}`).digest('base64')
    const known = this.known.get(mac)
    if (known !== undefined && exchange.clock.now() < known.until)
      return { kind: 'known', identity: known.identity }
    const account = `${this.name}\n${user}`
    const rejected: Verdict = { kind: 'rejected', reason: 'user or password is wrong', account }
    return isRefused(account) ? rejected : this.hashed(user, password, mac, exchange, rejected)
  }

  conceal({ request }: Exchange): void {
    if (basicCredentials(request.headers.get('authorization')) !== 'absent')
      request.headers.delete('authorization')
  }

  /** That of a user, whether there is one or not. */
  identity(user: string): Identity {
    const groups = Object.entries(this.groups).flatMap(([name, users]) =>
      users.includes(user) ? [name] : [],
    )
    const { name: authenticator } = this
    return { kind: 'basic', authenticator, subject: user, name: user, groups, scopes: [], claims: {} }
  }

  private async hashed(
    user: string,
    password: string,
    mac: string,
    { clock }: Exchange,
    rejected: Verdict,
  ): Promise<Verdict> {
    const hash = this.users.get(user)
    // Who does not exist takes as long as who does: nobody learns from the clock which users there are.
    const [someHash = ''] = this.users.values()
    const isRight = await this.threads.verify(password, hash ?? someHash)
    if (isRight === undefined)
      return { kind: 'unavailable', reason: 'too many passwords wait to be compared' }
    if (!isRight || hash === undefined) return rejected
    const identity = this.identity(user)
    this.known.set(mac, { identity, until: clock.now() + KNOWN_FOR })
    return { kind: 'known', identity }
  }
}

/** What Authorization holds where its scheme is Basic. User and password are text in UTF-8 (RFC 7617 2.1). */
function basicCredentials(
  sent: string | undefined,
): 'absent' | 'malformed' | { readonly user: string; readonly password: string } {
  const [, encoded] = /^basic(?: +(\S*))?$/i.exec(sent ?? '') ?? []
  if (sent === undefined || !/^basic(?: |$)/i.test(sent)) return 'absent'
  if (encoded === undefined || encoded.length > LONGEST || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded))
    return 'malformed'
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(encoded, 'base64'),
    )
    const colon = text.indexOf(':')
    if (colon < 1 || /\p{Cc}/u.test(text)) return 'malformed'
    return { user: text.slice(0, colon).normalize('NFC'), password: text.slice(colon + 1) }
  } catch {
    return 'malformed'
  }
}
