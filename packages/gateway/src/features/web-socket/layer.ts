import {
  type Clock,
  clientNetwork,
  type Exchange,
  type MetricRegistry,
  OpenStreams,
  TrafficError,
  webSocket,
  type WebSocketLimits,
  WebSocketPlaces,
} from '@headgate/core'
import type { Kept } from '../../kept.ts'
import { fieldOf, millisecondsOf } from '../../settings/problems/fields.ts'
import type { Finding, Path } from '../../settings/problems/problem.ts'
import { originTest } from '../cors/origin.ts'
import { identityKey, identityOf } from '../identity.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import { webSocketFigures } from './figures.ts'
import type { WebSocketConfig } from './setting.ts'

/** Behind authorization: how many a client may have goes by who it is. */
export const webSocketLayer: ExchangeRow<
  { readonly route: Route<'webSocket', WebSocketConfig> },
  {
    readonly clock: Clock
    readonly kept: Kept
    readonly metrics: MetricRegistry
    readonly openStreams?: OpenStreams | undefined
  }
> = {
  name: 'webSocket',
  once: 'exchange',
  about: 'holds WebSockets to the rules of their protocol, and to limits',
  judged: false,
  towardsUpstream: true,
  checks: webSocketChecks,
  build({ route }, { clock, kept, metrics, openStreams = new OpenStreams(clock) }) {
    const { webSocket: config } = route
    if (config === undefined) return undefined
    const { origins, perRoute = Infinity, perClient = Infinity } = config
    // Kept by a reload that leaves the setting as it is: those that are open hold its places.
    const places = kept.keep('webSocket', config, () => new WebSocketPlaces(perRoute, perClient))
    return webSocket({
      places,
      clientOf,
      admit: origins && admitPages(originTest(origins)),
      limits: limitsOf(config),
      open: openStreams,
      ...webSocketFigures(metrics, route.name),
    })
  },
  tells: ({ route }) => route['webSocket'],
}

function limitsOf({ maxMessage, maxFrame, ping, ...config }: WebSocketConfig): WebSocketLimits {
  const { messagesPerSecond = Infinity, idle = Infinity, lifetime = Infinity, lifetimeSpread } = config
  return {
    message: maxMessage,
    frame: maxFrame ?? Infinity,
    messagesPerSecond,
    idle,
    lifetime,
    lifetimeSpread,
    ping,
  }
}

function clientOf(exchange: Exchange): string {
  const identity = identityOf.of(exchange)
  return identity === undefined ? clientNetwork(exchange.clientAddress) : `\n${identityKey(identity)}`
}

function admitPages(isAllowed: (origin: string) => boolean): (exchange: Exchange) => void {
  return ({ request }) => {
    const origin = request.headers.get('origin')
    if (origin === undefined || isAllowed(origin)) return
    throw new TrafficError('forbidden', 'a page of another origin asks for a WebSocket')
  }
}

/** A spread as long as the lifetime would close some at once. */
function webSocketChecks(written: unknown, path: Path): Finding[] {
  const lifetime = millisecondsOf(fieldOf(written, 'lifetime')) ?? Infinity
  const spread = millisecondsOf(fieldOf(written, 'lifetimeSpread')) ?? 0
  if (spread < lifetime) return []
  return [
    {
      path: [...path, 'lifetimeSpread'],
      problem: 'is not shorter than the lifetime, so that some would be closed as soon as they are open',
      allowed: 'a time shorter than lifetime',
    },
  ]
}
