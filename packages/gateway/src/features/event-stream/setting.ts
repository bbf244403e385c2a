import { code } from '../../code/code-reference.ts'
import { keyed, list, noneOrMore, oneOrMore } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import {
  boolean,
  bytes,
  bytesOr0,
  bytesOrOff,
  offOrOn,
  oneOf,
  time,
  timeOr0,
  timeOrOff,
  value,
} from '../../settings/schema/setting.ts'
import { anyText, type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { matchedField, token } from '../../settings/values/request-field.ts'
import { jsonChange, pointer } from '../transform/setting.ts'

const eventName: Kind<string> = textKind(
  'the name of an event',
  'the name of an event, without line breaks',
  (written) => (/^[^\r\n]+$/.test(written) ? parsed(written) : refused('is not the name of an event')),
  { pattern: '^[^\\r\\n]+$' },
)

const condition = section('EventConditionInput', () => ({
  at: value(pointer, 'The place in the JSON.'),
  is: oneOrMore(
    anyText,
    'What stands there: a text, or a number, true, false or null as it is written; one of several.',
  ),
}))

const shared = section('SharedEventsInput', () => ({
  buffer: bytesOr0(
    'Bytes of the last events that are kept for clients that come back with Last-Event-ID; 0: none.',
  ).prefault('1MiB'),
  maxBehind: bytes('Bytes that are held for a client that reads more slowly than events come.', {
    min: '1KiB',
    max: '64MiB',
  }).prefault('256KiB'),
  slow: oneOf(
    ['drop', 'thin'],
    'What becomes of a client that falls further behind: drop ends its stream, so that it comes back and gets what it has missed; thin leaves out the oldest events.',
  ).prefault('drop'),
  reconnect: boolean(
    'Connect again, with Last-Event-ID, where the stream of the upstream ends or breaks, while clients stay; false: their streams end with it.',
    true,
  ),
  grace: timeOr0('How long the stream of the upstream stays when the last client has left.').prefault('5s'),
  headers: noneOrMore(
    matchedField,
    'Fields of requests by which streams differ, beside host, path, query, caller, Authorization, Cookie, Origin and Accept-Language.',
  ),
}))

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
  share: offOrOn(shared())
    .describe('Have clients that ask for the same share one stream of the upstream.')
    .prefault(false),
  only: list(value(eventName))
    .min(1)
    .describe('Names of the events that pass; message is one without a name.')
    .optional(),
  without: list(value(eventName)).describe('Names of events that do not pass.').prefault([]),
  where: list(condition())
    .describe('What the data of an event, as JSON, must say for it to pass.')
    .prefault([]),
  rename: keyed(eventName, value(eventName))
    .describe('Other names for events: { delta: token }.')
    .prefault(nothing),
  json: list(jsonChange())
    .describe('Changes to the data of each event where that is JSON, as of transform.')
    .prefault([]),
  by: value(
    code('a function that is given an event and returns another', 'ChangeEvent | string'),
    'Code that changes each event, after all else: the path of a module that exports a function of the event and the context, or in TypeScript the function itself.',
  ).optional(),
}))

export type EventsConfig = Read<typeof eventsSetting>
