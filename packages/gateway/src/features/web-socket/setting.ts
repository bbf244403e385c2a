import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { bytesOrOff, time, timeOr0, timeOrOff, value } from '../../settings/schema/setting.ts'
import { whole } from '../../settings/values/kinds.ts'
import { webOrigin } from '../cors/origin.ts'

const pingSetting = section('WebSocketPingInput', () => ({
  interval: time('How long a client may send nothing before it is pinged.').prefault('30s'),
  timeout: time('How long it then may go on sending nothing; it is closed with 1001.').prefault('10s'),
}))

export const webSocketSetting = section('WebSocketInput', () => ({
  origins: list(value(webOrigin))
    .describe(
      'Pages that may open one, by their Origin; a client that sends none is no browser, and passes. Left out: those of any origin.',
    )
    .optional(),
  perClient: value(
    whole(1),
    'WebSockets per worker that one client may have on the route: who has authenticated, else an address (IPv6 by /64); beyond that: 429.',
  ).optional(),
  perRoute: value(whole(1), 'WebSockets per worker that the route may have; beyond that: 503.').optional(),
  maxMessage: bytesOrOff(
    'Size of one message of either side, as it is on the wire: larger ones close with 1009. off: any.',
  ).prefault('1MiB'),
  maxFrame: bytesOrOff('The same of one frame. Left out, or off: any that is within maxMessage.').optional(),
  messagesPerSecond: value(
    whole(1, 1_000_000),
    'Messages that a client may send in a second, so many at once too; more close with 1008. Left out: any.',
  ).optional(),
  idle: timeOrOff(
    'Longest pause between messages, pings apart; then it is closed with 1001. Left out, or off: as streamIdle of timeouts says.',
  ).optional(),
  lifetime: timeOrOff(
    'Longest time that one is open; then it is closed with 1001. Left out, or off: any.',
  ).optional(),
  lifetimeSpread: timeOr0(
    'By how much at most, and by chance, a lifetime is shorter, so that those opened together do not come back together.',
  ).prefault('0s'),
  ping: pingSetting()
    .optional()
    .describe('Asking clients that send nothing whether they are there; an empty section will do.'),
}))

export type WebSocketConfig = Read<typeof webSocketSetting>
