import { systemClock } from '@headgate/core'
import { ATTEMPT_WAYS, type AttemptWay, type ShownAttempt, type ShownExchange } from '../features/layer.ts'
import { shownExpanded } from '../config/shown.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type {
  AttemptSetting,
  ComposedStack,
  ExchangeSetting,
  GatewayLayer,
  StackObserver,
} from '../layers/layer.ts'
import { routeHandler } from '../route.ts'
import { knowNothing } from '../features/geo/geo-place.ts'
import { dryRunContext } from './dry-run.ts'

/** A policy that a route has. */
export interface NamedPolicy {
  readonly name: string
  /** Once an attempt: those towards one upstream. */
  readonly once: 'exchange' | 'attempt'
  readonly upstream?: string
  /** Why that upstream is asked. */
  readonly as?: AttemptWay
}

export interface ExplainedPolicy extends NamedPolicy {
  /** Those that hold there; undefined where it has none. */
  readonly settings: unknown
}

/** What a route was composed of, to be explained, and how far an exchange came in it. */
export class StackRecord implements StackObserver {
  /** The layer that the exchange entered last, of those that it passes once. */
  last: GatewayLayer | undefined
  private readonly stacks: ComposedStack[] = []

  readonly composed = (stack: ComposedStack): void => {
    this.stacks.push(stack)
  }

  readonly entered = (layer: GatewayLayer): void => {
    if (layer.once === 'exchange') this.last = layer
  }

  /** Outermost first, each upstream's once. */
  get named(): NamedPolicy[] {
    return this.distinct().flatMap(({ setting, layers }) => layers.map((layer) => named(layer, setting)))
  }

  /** The same with the settings that hold. @param index of the route */
  policies(config: GatewayConfig, index: number): ExplainedPolicy[] {
    const upstreams = Object.fromEntries(resolveUpstreams(config))
    const shown = shownExpanded({ ...config, upstreams })
    const exchange = { config: shown, route: shown.routes[index] ?? {} }
    return this.distinct().flatMap(({ setting, layers }) => {
      if (!isAttempt(setting))
        return layers.map((layer) => ({ ...named(layer, setting), settings: told(layer, exchange) }))
      const upstream = shown.upstreams?.[setting.upstream] ?? { endpoints: [] }
      const attempt = { ...exchange, way: setting.way, upstream }
      return layers.map((layer) => ({ ...named(layer, setting), settings: told(layer, attempt) }))
    })
  }

  private distinct(): ComposedStack[] {
    const known = new Set<string>()
    return this.stacks
      .toSorted((one, other) => rank(one.setting) - rank(other.setting))
      .filter(({ setting }) => {
        const key = isAttempt(setting) ? `${setting.way} ${setting.upstream}` : ''
        if (known.has(key)) return false
        known.add(key)
        return true
      })
  }
}

function named({ name, once }: GatewayLayer, setting: ExchangeSetting | AttemptSetting): NamedPolicy {
  return isAttempt(setting) ? { name, once, upstream: setting.upstream, as: setting.way } : { name, once }
}

function told(layer: GatewayLayer, shown: ShownExchange | ShownAttempt): unknown {
  if (layer.once === 'exchange') return layer.tells(shown)
  return 'way' in shown ? layer.tells(shown) : undefined
}

function rank(setting: ExchangeSetting | AttemptSetting): number {
  return isAttempt(setting) ? ATTEMPT_WAYS.indexOf(setting.way) : -1
}

function isAttempt(setting: ExchangeSetting | AttemptSetting): setting is AttemptSetting {
  return 'upstream' in setting
}

type PoliciesByRoute = ReadonlyMap<string, readonly NamedPolicy[]>

/** Found once for each configuration: every route is composed for it. */
const known = new WeakMap<GatewayConfig, PoliciesByRoute>()

/** The policies of each route, by its name, as an exchange meets them: see `StackRecord.named`. */
export function routePolicies(config: GatewayConfig): PoliciesByRoute {
  const before = known.get(config)
  if (before !== undefined) return before
  const context = dryRunContext(config, systemClock, knowNothing, () => neverSent)
  const policies = new Map(
    config.routes.map((route) => {
      const observer = new StackRecord()
      routeHandler(route, config, { ...context, observer })
      return [route.name, observer.named]
    }),
  )
  known.set(config, policies)
  return policies
}

function neverSent(): never {
  throw new TypeError('nothing is sent to find out the policies of a route')
}
