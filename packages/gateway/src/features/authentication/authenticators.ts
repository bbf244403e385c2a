import type { Clock, Handler } from '@headgate/core'
import type { RateLimitStores } from '../rate-limit/stores.ts'
import type { Kept } from '../../kept.ts'
import { ApiKeyAuthenticator } from './api-key/api-key.ts'
import type { Authenticator } from './authenticator.ts'
import { BasicAuthenticator } from './basic/basic.ts'
import { PasswordThreads } from './basic/password-threads.ts'
import { nonceStore } from './signature/nonces.ts'
import { SignatureAuthenticator } from './signature/signature.ts'
import { ExternalAuthenticator } from './external/external.ts'
import { ClientCertificateAuthenticator } from './client-certificate/client-certificate.ts'
import { serverOf } from './introspection/ask-server.ts'
import { IntrospectionAuthenticator } from './introspection/introspection.ts'
import { fetchKeys } from './jwt/fetch-keys.ts'
import { JwtAuthenticator } from './jwt/jwt.ts'
import { makeOidc } from './oidc/make-oidc.ts'
import { ProviderClient } from './provider-client.ts'
import { Consumers } from '../consumers/consumers.ts'
import type { ConsumedGateway } from '../consumers/setting.ts'
import type { Identity } from '../identity.ts'
import type { AuthenticatedGateway, AuthenticatorConfig } from './setting.ts'

/** An authenticator that can tell whose credentials it knows, as far as they are in the configuration. */
interface Knowing extends Authenticator {
  identity(subject: string): Identity | undefined
  /** The upstream that it asks; undefined for none. */
  readonly upstream?: string | undefined
  /** The same, asking it by that handler. */
  through?(handler: Handler): Authenticator
  /** Ends what it has begun with others. */
  readonly close?: (() => void) | undefined
}

export interface AuthenticatorsOptions {
  /** Whether servers are asked: not where nothing is to be sent, as for explanations. Default true. */
  readonly sends?: boolean | undefined
  /** Where it is remembered which sessions were ended, and which nonces were used. Left out: nowhere. */
  readonly rateLimits?: Pick<RateLimitStores, 'get'> | undefined
}

/** What authenticators are made with. */
interface Means {
  readonly clock: Clock
  readonly threads: () => PasswordThreads
  readonly sends: boolean
  readonly rateLimits: Pick<RateLimitStores, 'get'> | undefined
}

/** The authenticators of a configuration, by name. What they remember outlives the snapshot where they stay the same. */
export class Authenticators {
  private readonly known = new Map<string, Knowing>()
  private readonly threads: PasswordThreads | undefined
  readonly consumers: Consumers

  /** @param kept from the configuration before */
  constructor(
    { authenticators, consumers }: AuthenticatedGateway & ConsumedGateway,
    clock: Clock,
    kept: Kept,
    { sends = true, rateLimits }: AuthenticatorsOptions = {},
  ) {
    const means = { clock, threads: () => passwordThreads(clock, kept), sends, rateLimits }
    for (const [name, config] of Object.entries(authenticators)) {
      const make = (): Knowing => authenticatorOf(name, config, means)
      this.known.set(
        name,
        kept.keep('authenticator', [name, config], make, (made) => made.close?.()),
      )
    }
    this.consumers = new Consumers({ consumers })
    // A basic one that is kept has been made with them.
    const hasPasswords = Object.values(authenticators).some(({ basic }) => basic !== undefined)
    this.threads = hasPasswords ? passwordThreads(clock, kept) : undefined
  }

  /** @throws TypeError if there is none of that name */
  get(name: string): Knowing {
    const found = this.known.get(name)
    if (found === undefined) throw new TypeError(`there is no authenticator ${JSON.stringify(name)}`)
    return found
  }

  /** The same for a route, with upstreams that lead where this one's lead. Throws as `get` does. */
  for(name: string, upstreamNamed: (name: string) => Handler): Authenticator {
    const found = this.get(name)
    const { upstream } = found
    return (upstream !== undefined && found.through?.(upstreamNamed(upstream))) || found
  }

  /** For who ends. */
  close(): void {
    this.threads?.stop()
    for (const authenticator of this.known.values()) authenticator.close?.()
  }

  /** Who has these credentials: for explanations. Throws as `get` does; undefined where nobody of that name is known. */
  identity(name: string, subject: string): Identity | undefined {
    return this.get(name).identity(subject)
  }
}

function passwordThreads(clock: Clock, kept: Kept): PasswordThreads {
  return kept.keep(
    'password threads',
    '',
    () => new PasswordThreads(clock),
    (made) => made.stop(),
  )
}

/** Bytes of what a server says of a token. */
const LARGEST_ANSWER = 64 * 1024

function authenticatorOf(
  name: string,
  { basic, apiKey, jwt, introspection, oidc, clientCertificate, external, signature }: AuthenticatorConfig,
  { clock, threads, sends, rateLimits }: Means,
): Knowing {
  if (basic !== undefined) return new BasicAuthenticator(name, basic, threads())
  if (apiKey !== undefined) return new ApiKeyAuthenticator(name, apiKey)
  if (jwt !== undefined) return new JwtAuthenticator(name, jwt, clock, sends ? fetchKeys : fetchNothing)
  if (introspection !== undefined) {
    const { ca, timeout } = introspection
    const client = new ProviderClient({
      name: `introspection ${name}`,
      ca,
      timeout,
      largest: LARGEST_ANSWER,
      sends,
    })
    const ask = serverOf(introspection, client)
    return new IntrospectionAuthenticator(name, introspection, ask, () => client.close())
  }
  if (oidc !== undefined) return makeOidc(name, oidc, { clock, rateLimits, sends })
  if (clientCertificate !== undefined) return new ClientCertificateAuthenticator(name, clientCertificate)
  if (external !== undefined) return new ExternalAuthenticator(name, external, clock, sends)
  if (signature !== undefined) {
    const nonces = signature.nonces === undefined ? undefined : rateLimits?.get(nonceStore(name))
    return new SignatureAuthenticator(name, signature, nonces)
  }
  throw new TypeError(`the authenticator ${name} is of no kind`)
}

function fetchNothing(): Promise<never> {
  return Promise.reject(new Error('nothing is sent here'))
}
