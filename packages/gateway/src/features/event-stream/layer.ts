import { eventStream, OpenStreams, type Policy } from '@headgate/core'
import { fieldOf } from '../../settings/problems/fields.ts'
import type { GeoLookup } from '../geo/geo-place.ts'
import { type CodeConfig, type CodeContext, handlerSurroundings } from '../handlers/handler-surroundings.ts'
import { latePolicy } from '../late-policy.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import { CHANGE_RULES, changesChecks } from '../transform/checks.ts'
import { changesEvents } from './changes-events.ts'
import type { EventsConfig } from './setting.ts'

/** Inside of compression: between events that are compressed nothing can be put. */
export const eventsLayer: ExchangeRow<
  { readonly route: Route<'events', EventsConfig>; readonly config: CodeConfig },
  CodeContext & { readonly openStreams?: OpenStreams | undefined; readonly geo?: GeoLookup | undefined },
  EventsConfig
> = {
  name: 'events',
  once: 'exchange',
  about: 'keeps streams of Server-Sent Events alive, and ends them in good form',
  towardsUpstream: true,
  checks: (written, path) => changesChecks(fieldOf(written, 'json'), [...path, 'json']),
  rules: [{ at: ['json', '*'], rules: CHANGE_RULES }],
  code: ({ by, ...rest }, each) => ({ ...rest, ...(by && { by: each(by, ['by']) }) }),
  build({ route, config }, context) {
    const { events } = route
    if (events === undefined) return undefined
    const { clock, geo, openStreams = new OpenStreams(clock) } = context
    const relay = eventStream(events, openStreams)
    const { share } = events
    const hooks = (): Policy => {
      const surroundings = handlerSurroundings(context, config)
      return latePolicy(async () => (await import('./hooks.ts')).eventHooks(events, geo, surroundings))
    }
    const policies = [
      relay,
      ...(share === false
        ? []
        : [latePolicy(async () => (await import('./share.ts')).sharedStreams(share, events.maxEvent))]),
      // What is shared was changed once for all.
      ...(events.by === undefined && !changesEvents(events) ? [] : [hooks()]),
    ]
    return (next) => policies.reduceRight((inner, policy) => policy(inner), next)
  },
  tells: ({ route }) => route['events'],
}
