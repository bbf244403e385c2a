import { isDeepStrictEqual } from 'node:util'
import {
  AddressGuard,
  type AddressGuardOptions,
  type Clock,
  DEFAULT_CLIENT_OPTIONS,
  type DnsOptions,
  type HeadLimits,
  type HttpProtocol,
  type PoolOptions,
  type ProxyOptions,
  proxySetting,
  Resolver,
  type TlsOptions,
  TlsOrigin,
} from '@headgate/core'
import { toldConnections } from './diagnostics/told-connections.ts'
import { engineLookup, type HostLookup } from './host-lookup.ts'
import { named } from './option-check.ts'
import type { ClientOptions } from './options.ts'
import { Origins } from './origins.ts'
import { PRESETS } from './presets.ts'
import type { Settings } from './settings.ts'

/** All that connections are made by: clients for which it is the same may share them. */
interface ConnectionPlan {
  readonly clock: Clock
  readonly connect: number
  readonly head: number
  readonly idle: number
  readonly unread: number
  readonly maxResponseHead: number | undefined
  readonly pool: Partial<PoolOptions>
  readonly guard: boolean | AddressGuardOptions
  readonly proxy: ProxyOptions | string | undefined
  readonly tls: TlsOptions | undefined
  readonly socketPath: string | undefined
  readonly localAddress: string | undefined
  readonly lookup: HostLookup | undefined
  readonly dns: DnsOptions | undefined
  readonly http2: boolean | 'alpn' | 'h2c'
}

/** The network end of a client, which it may share with those that it was extended from and to. */
export class Connections {
  readonly origins: Origins
  readonly guard: AddressGuard | undefined
  private readonly plan: ConnectionPlan
  private readonly resolver: Resolver

  /**
   * @param kin of the client that is extended: shared as far as the options are the same
   * @throws TypeError that names the option that is not valid
   */
  constructor(options: ClientOptions, settings: Settings, clock: Clock, kin: Connections | undefined) {
    const plan = planOf(options, settings, clock)
    this.plan = plan
    if (kin !== undefined && !kin.origins.closed && isSamePlan(plan, kin.plan)) {
      this.guard = kin.guard
      this.resolver = kin.resolver
      this.origins = kin.origins
    } else {
      this.guard = plan.guard === false ? undefined : new AddressGuard(plan.guard === true ? {} : plan.guard)
      this.resolver = kin !== undefined && resolvesAlike(plan, kin.plan) ? kin.resolver : resolverOf(plan)
      this.origins = originsOf(plan, this.guard, this.resolver)
    }
  }

  /** The client is made: it uses them until it is closed. */
  hold(): void {
    this.origins.users++
  }
}

function planOf(options: ClientOptions, { timeout }: Settings, clock: Clock): ConnectionPlan {
  const {
    preset = 'standard',
    pool,
    tls,
    proxy,
    maxResponseHead,
    localAddress,
    lookup,
    dns,
    http2 = false,
  } = options
  const { connect, head, idle, unread } = timeout
  const { guard = PRESETS[preset].guard ?? false, socketPath } = options
  return {
    clock,
    connect,
    head,
    idle,
    unread,
    maxResponseHead,
    pool: { ...PRESETS[preset].pool, ...pool },
    guard,
    proxy,
    tls,
    socketPath: typeof socketPath === 'object' ? socketPath.path : socketPath,
    localAddress,
    lookup,
    dns,
    http2,
  }
}

/** A clock is what it is, whatever it looks like; functions are compared by what they are, too. */
function isSamePlan(one: ConnectionPlan, other: ConnectionPlan): boolean {
  return one.clock === other.clock && isDeepStrictEqual({ ...one, clock: 0 }, { ...other, clock: 0 })
}

function resolvesAlike(one: ConnectionPlan, other: ConnectionPlan): boolean {
  const { clock, lookup, dns } = one
  return clock === other.clock && lookup === other.lookup && isDeepStrictEqual(dns, other.dns)
}

function resolverOf({ clock, lookup, dns }: ConnectionPlan): Resolver {
  if (lookup !== undefined && dns?.servers !== undefined)
    throw new TypeError(
      'option dns.servers: with the option lookup no name server is asked: leave one of them out',
    )
  return named('dns', () => new Resolver({ clock, ...dns, lookup: lookup && engineLookup(lookup) }))
}

function originsOf(plan: ConnectionPlan, guard: AddressGuard | undefined, resolver: Resolver): Origins {
  const {
    clock,
    connect,
    head,
    idle,
    unread,
    maxResponseHead,
    pool,
    proxy,
    tls,
    socketPath,
    localAddress,
    http2,
  } = plan
  return new Origins({
    clock,
    resolver,
    guard,
    socketPath,
    localAddress,
    connects: toldConnections(localAddress),
    protocols: protocolsOf(http2),
    connectTimeout: connect,
    connection: {
      responseHeadTimeout: head,
      unreadTimeout: unread,
      pace: { ...DEFAULT_CLIENT_OPTIONS.pace, idle },
      limits: headLimits(maxResponseHead),
    },
    pool,
    proxy: proxy === undefined ? undefined : named('proxy', () => proxySetting(proxy)),
    ...(tls && { tls: named('tls', () => checkedTls(tls)) }),
  })
}

/** Read once here, so that what is no certificate is not found out by the first call. */
function checkedTls(tls: TlsOptions): TlsOptions {
  void new TlsOrigin('localhost', tls)
  return tls
}

function protocolsOf(http2: ConnectionPlan['http2']): readonly HttpProtocol[] {
  if (http2 === false) return ['http/1.1']
  return http2 === 'h2c' ? ['h2', 'h2c', 'http/1.1'] : ['h2', 'http/1.1']
}

function headLimits(head: number = DEFAULT_CLIENT_OPTIONS.limits.head): HeadLimits {
  const { limits } = DEFAULT_CLIENT_OPTIONS
  const fields = Math.max(limits.fields, Math.ceil((head / limits.head) * limits.fields))
  // As the platform's fetch: some sites refuse with 999, and a program can look at it.
  return { ...limits, head, fields, status: 999 }
}
