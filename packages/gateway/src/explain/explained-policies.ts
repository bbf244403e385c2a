import { shownExpanded } from '../config/redact.ts'
import { resolveUpstreams } from '../config/resolve/upstreams.ts'
import type { GatewayConfig } from '../config/types/config.ts'
import type {
  AttemptSetting,
  AttemptWay,
  ComposedStack,
  ExchangeSetting,
  GatewayLayer,
  ShownAttempt,
  ShownExchange,
  StackObserver,
} from '../layers/layer.ts'

/** A policy that a route has. */
export interface ExplainedPolicy {
  readonly name: string
  /** Once an attempt: those towards one upstream. */
  readonly once: 'exchange' | 'attempt'
  readonly upstream: string | undefined
  /** Why that upstream is asked. */
  readonly as: AttemptWay | undefined
  /** Those that hold there; undefined where it has none. */
  readonly settings: unknown
}

const WAYS: readonly AttemptWay[] = ['target', 'fallback', 'mirror']

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

  /** Those of the stack that was composed first. */
  get names(): readonly string[] {
    return (this.stacks[0]?.layers ?? []).map(({ name }) => name)
  }

  /**
   * Outermost first, each upstream's once.
   * @param index of the route
   */
  policies(config: GatewayConfig, index: number): ExplainedPolicy[] {
    const upstreams = Object.fromEntries(resolveUpstreams(config))
    const shown = shownExpanded({ ...config, upstreams })
    const exchange = { config: shown, route: shown.routes[index] ?? {} }
    const known = new Set<string>()
    return this.stacks
      .toSorted((one, other) => rank(one.setting) - rank(other.setting))
      .flatMap(({ setting, layers }) => {
        if (!isAttempt(setting)) return layers.map((layer) => explained(layer, exchange))
        const { way, upstream } = setting
        const key = `${way} ${upstream}`
        if (known.has(key)) return []
        known.add(key)
        const attempt = { ...exchange, way, upstream: shown.upstreams?.[upstream] ?? { endpoints: [] } }
        return layers.map((layer) => ({ ...explained(layer, attempt), upstream, as: way }))
      })
  }
}

function explained(layer: GatewayLayer, shown: ShownExchange | ShownAttempt): ExplainedPolicy {
  const { name, once } = layer
  const settings =
    layer.once === 'exchange' ? layer.tells(shown) : 'way' in shown ? layer.tells(shown) : undefined
  return { name, once, upstream: undefined, as: undefined, settings }
}

function rank(setting: ExchangeSetting | AttemptSetting): number {
  return isAttempt(setting) ? WAYS.indexOf(setting.way) : -1
}

function isAttempt(setting: ExchangeSetting | AttemptSetting): setting is AttemptSetting {
  return 'upstream' in setting
}
