import type { HeaderList } from '@headgate/core'

/** Browsers keep 4,096 bytes of a cookie, with its name (RFC 6265bis 5.6). */
const LONGEST_PART = 3_600
/** In all: what a browser sends must stay within what a head may have, beside the cookies of others. */
const MOST_PARTS = 3
/** Logins that one browser has begun, and not finished: of more, the oldest are forgotten. */
const MOST_LOGINS = 4

/** How long a text may be that a session is kept in. */
export const LONGEST_SESSION: number = LONGEST_PART * MOST_PARTS

/**
 * The cookies of one authenticator: one with a session, in parts where it is long, and one for each login that has begun. Over TLS
 * their names say `__Host-`: no other host and no page without TLS can set such a one (RFC 6265bis 4.1.3.2).
 */
export class BrowserCookies {
  private readonly name: string

  constructor(name: string) {
    this.name = name
  }

  /** The session that a browser has sent; undefined where it has none. */
  session(headers: HeaderList, isSecure: boolean): string | undefined {
    const sent = cookiesOf(headers)
    const name = this.nameOf(isSecure)
    const first = sent.get(name)
    const [, count = '', start = ''] = /^(\d)\.(.*)$/s.exec(first ?? '') ?? []
    if (first === undefined) return undefined
    const parts: (string | undefined)[] = [start]
    for (let index = 1; index < Number(count); index++) parts.push(sent.get(`${name}~${index}`))
    // One that has lost a part is none.
    return parts.includes(undefined) ? '' : parts.join('')
  }

  /** Set-Cookie for a session, and for the parts of the one before that are left over. @param maxAge seconds */
  withSession(text: string, isSecure: boolean, maxAge: number): string[] {
    const name = this.nameOf(isSecure)
    const parts: string[] = []
    for (let at = 0; at < text.length; at += LONGEST_PART) parts.push(text.slice(at, at + LONGEST_PART))
    return Array.from({ length: MOST_PARTS }, (_, index) => {
      const part = parts[index]
      const itsName = index === 0 ? name : `${name}~${index}`
      if (part === undefined) return setCookie(itsName, '', isSecure, 0)
      return setCookie(itsName, index === 0 ? `${parts.length}.${part}` : part, isSecure, maxAge)
    })
  }

  withoutSession(isSecure: boolean): string[] {
    return this.withSession('', isSecure, 0)
  }

  /** What was kept for the login of that state. */
  login(headers: HeaderList, state: string, isSecure: boolean): string | undefined {
    return cookiesOf(headers).get(this.loginName(state, isSecure))
  }

  /** Set-Cookie for a login that begins. */
  withLogin(headers: HeaderList, state: string, text: string, isSecure: boolean, maxAge: number): string[] {
    const begun = [...cookiesOf(headers).keys()].filter((name) =>
      name.startsWith(this.loginName('', isSecure)),
    )
    // Browsers send first what they got first (RFC 6265 5.4).
    const forgotten = begun.slice(0, Math.max(0, begun.length + 1 - MOST_LOGINS))
    return [
      ...forgotten.map((name) => setCookie(name, '', isSecure, 0)),
      setCookie(this.loginName(state, isSecure), text, isSecure, maxAge),
    ]
  }

  withoutLogin(state: string, isSecure: boolean): string[] {
    return [setCookie(this.loginName(state, isSecure), '', isSecure, 0)]
  }

  /** Takes them out of a request: they are none of the upstream's business. */
  remove(headers: HeaderList): void {
    if (!headers.has('cookie')) return
    const pairs = headers.getAll('cookie').flatMap((line) => line.split(/; ?/))
    const others = pairs.filter((pair) => !this.isOwn(pair.split('=', 1)[0]?.trim() ?? ''))
    if (others.length === pairs.length) return
    if (others.length === 0) headers.delete('cookie')
    else headers.set('cookie', others.join('; '))
  }

  private isOwn(name: string): boolean {
    return [true, false].some((isSecure) => {
      const own = this.nameOf(isSecure)
      return name === own || name.startsWith(`${own}~`)
    })
  }

  private nameOf(isSecure: boolean): string {
    return isSecure ? `__Host-${this.name}` : this.name
  }

  private loginName(state: string, isSecure: boolean): string {
    return `${this.nameOf(isSecure)}~login~${state.slice(0, 12)}`
  }
}

function setCookie(name: string, value: string, isSecure: boolean, maxAge: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
}

function cookiesOf(headers: HeaderList): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const line of headers.getAll('cookie'))
    for (const pair of line.split(';')) {
      const at = pair.indexOf('=')
      const name = pair.slice(0, Math.max(at, 0)).trim()
      if (name !== '' && !cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim())
    }
  return cookies
}
