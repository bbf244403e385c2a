import { type Clock, eventStream, OpenStreams } from '@headgate/core'
import { type Read, section } from '../../settings/schema/section.ts'
import { bytesOrOff, time, timeOrOff, value } from '../../settings/schema/setting.ts'
import { token } from '../../settings/values/request-field.ts'
import type { ExchangeRow, Route } from '../layer.ts'

export const eventsSetting = section('EventsInput', () => ({
  heartbeat: timeOrOff(
    'After how long without a byte a comment is sent, so that nobody on the way takes the stream for dead; off: never.',
  ).prefault('15s'),
  maxEvent: bytesOrOff('Size of one event: a larger one breaks the stream. off: any.').prefault('1MiB'),
  retry: time('How long clients are told to wait before they come back, where the gateway drains.').prefault(
    '2s',
  ),
  errorEvent: value(
    token,
    'The name of an event that tells of an upstream that has failed, with the code of the error. Left out: the stream breaks.',
  ).optional(),
}))

type EventsConfig = Read<typeof eventsSetting>

/** Inside of compression: between events that are compressed nothing can be put. */
export const eventsLayer: ExchangeRow<
  { readonly route: Route<'events', EventsConfig> },
  { readonly clock: Clock; readonly openStreams?: OpenStreams | undefined }
> = {
  name: 'events',
  once: 'exchange',
  about: 'keeps streams of Server-Sent Events alive, and ends them in good form',
  towardsUpstream: true,
  build({ route }, { clock, openStreams = new OpenStreams(clock) }) {
    const { events } = route
    return events && eventStream(events, openStreams)
  },
  tells: ({ route }) => route['events'],
}
