import { readFileSync } from 'node:fs'
import { type Clock, RetryBudget, type TlsOptions, Upstream } from '@headgate/core'
import { balancingOptions } from './balancing.ts'
import type { GatewayConfig, UpstreamConfig, UpstreamTlsConfig } from './config/config.ts'
import { resolveUpstreams } from './config/upstreams.ts'
import type { GatewayMetrics } from './metrics.ts'
import { makeUpstreamGuard, type UpstreamGuard } from './resilience/upstream-guard.ts'
import { type FileDigests, upstreamIdentity } from './identity.ts'

/** An upstream as a snapshot holds it. */
export interface CompiledUpstream {
  readonly identity: string
  readonly upstream: Upstream
  /** Shared by all routes to it. */
  readonly budget: RetryBudget
  /** Breaker and concurrency limit, where it has them. */
  readonly guard: UpstreamGuard
}

/** By what routes call them. */
export type CompiledUpstreams = ReadonlyMap<string, CompiledUpstream>

/** What upstreams share with those of other threads, by their identity: see `UpstreamOptions.state`. */
export type UpstreamStates = ReadonlyMap<string, SharedArrayBuffer>

/**
 * All upstreams of a configuration. One that the previous snapshot has in the same form is taken over as it is, with its
 * pools, sockets, balancer and health.
 */
export function compileUpstreams(
  config: GatewayConfig,
  clock: Clock,
  files: FileDigests,
  states: UpstreamStates,
  previous: CompiledUpstreams,
  metrics: GatewayMetrics,
): CompiledUpstreams {
  const compiled = new Map<string, CompiledUpstream>()
  for (const [name, upstream] of resolveUpstreams(config)) {
    const identity = upstreamIdentity(name, upstream, config, files)
    const before = previous.get(name)
    compiled.set(
      name,
      before?.identity === identity
        ? before
        : {
            identity,
            upstream: makeUpstream(name, upstream, config, clock, states.get(identity)),
            budget: new RetryBudget(clock),
            guard: makeUpstreamGuard(name, upstream, clock, metrics.resilience),
          },
    )
  }
  return compiled
}

/** For the threads that are to share them. */
export function statesOf(upstreams: CompiledUpstreams): UpstreamStates {
  return new Map(Array.from(upstreams.values(), ({ identity, upstream }) => [identity, upstream.state]))
}

function makeUpstream(
  name: string,
  upstream: UpstreamConfig,
  config: GatewayConfig,
  clock: Clock,
  state: SharedArrayBuffer | undefined,
): Upstream {
  const { timeouts, limits, minimumByteRate } = config
  return new Upstream({
    name,
    clock,
    state,
    endpoints: upstream.endpoints,
    pool: upstream.pool,
    ...balancingOptions(upstream),
    connectTimeout: upstream.timeouts?.connect ?? timeouts.connect,
    ...(upstream.tls && { tls: tlsOptions(upstream.tls) }),
    connection: {
      limits,
      responseHeadTimeout: timeouts.responseHead,
      // An upstream may be slow to speak, as long as it speaks: only idle time counts.
      pace: { idle: timeouts.bodyIdle, minimumRate: 0, grace: minimumByteRate.grace },
    },
  })
}

/** The configuration names a file, the engine wants what is in it. */
function tlsOptions({ verify, ca, servername }: UpstreamTlsConfig): TlsOptions {
  return {
    verify,
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(servername !== undefined && { servername }),
  }
}
