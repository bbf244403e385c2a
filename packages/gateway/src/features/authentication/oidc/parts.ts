import type { Exchange } from '@headgate/core'
import type { BrowserCookies } from './browser-cookies.ts'
import type { EndedSessions } from './ended-sessions.ts'
import type { Provider } from './provider.ts'
import type { Sealer } from './sealer.ts'
import type { OidcConfig } from './setting.ts'

/** What login, sessions and logout of one authenticator have in common. */
export interface OidcParts {
  readonly config: OidcConfig
  readonly provider: Provider
  readonly cookies: BrowserCookies
  readonly sessions: Sealer
  readonly logins: Sealer
  /** Of those that were ended here, or by the provider. */
  readonly ended: EndedSessions
  /** Of those that a page of the provider says to have ended, which anybody may say: apart, to drive out none of the others. */
  readonly saidToHaveEnded: EndedSessions
  /** Below which it answers itself. */
  readonly path: string
}

/** Where the browser is, as scheme, host and port. */
export function originOf({ clientScheme, request }: Exchange, { origin }: OidcConfig): string {
  return origin ?? `${clientScheme}://${request.authority.text}`
}

export function isSecure(exchange: Exchange, config: OidcConfig): boolean {
  return originOf(exchange, config).startsWith('https:')
}
