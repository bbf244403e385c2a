import { type Clock, LocalRateLimitStore, type SharedRateLimitStore } from '@headgate/core'
import { ENDED_SESSIONS, RENEWED_SESSIONS, SAID_TO_HAVE_ENDED } from '../../rate-limit/setting.ts'
import type { RateLimitStores } from '../../rate-limit/stores.ts'
import { ProviderClient } from '../provider-client.ts'
import { BrowserCookies } from './browser-cookies.ts'
import { EndedSessions } from './ended-sessions.ts'
import { OidcAuthenticator } from './oidc.ts'
import type { OidcParts } from './parts.ts'
import { Provider } from './provider.ts'
import { Renewals } from './renewals.ts'
import { Sealer } from './sealer.ts'
import type { OidcConfig } from './setting.ts'

/** Bytes of an answer of the provider: that with its keys is the longest. */
const LARGEST = 256 * 1024

export interface OidcSurroundings {
  readonly clock: Clock
  /** Undefined where nothing is remembered, as for explanations. */
  readonly rateLimits: Pick<RateLimitStores, 'get'> | undefined
  /** Whether the provider may be asked. */
  readonly sends: boolean
}

/** Puts an authenticator together from its settings. */
export function makeOidc(
  name: string,
  config: OidcConfig,
  { clock, rateLimits, sends }: OidcSurroundings,
): OidcAuthenticator {
  const { ca, timeout, maxAge, keys, issuer, clientId } = config
  const client = new ProviderClient({ name: `oidc ${name}`, ca, timeout, largest: LARGEST, sends })
  const store = (id: string): LocalRateLimitStore | SharedRateLimitStore =>
    rateLimits?.get(id + name) ?? new LocalRateLimitStore({ rate: 1, per: maxAge, maxKeys: 1 })
  // What another authenticator has sealed, or this one for another provider, is nothing here.
  const use = (what: string): string => [what, name, issuer, clientId].join('\n')
  const parts: OidcParts = {
    config,
    provider: new Provider(config, client, clock),
    cookies: new BrowserCookies(config.cookie ?? `headgate-${name}`),
    sessions: new Sealer(keys, use('session')),
    logins: new Sealer(keys, use('login')),
    ended: new EndedSessions(store(ENDED_SESSIONS), maxAge),
    saidToHaveEnded: new EndedSessions(store(SAID_TO_HAVE_ENDED), maxAge),
    path: config.path ?? `/auth/${name}`,
  }
  const renewals = new Renewals(parts, store(RENEWED_SESSIONS), name, sends ? clock : undefined)
  const close = (): void => {
    renewals.close()
    client.close()
  }
  return new OidcAuthenticator(name, { parts, renewals, sends, close })
}
