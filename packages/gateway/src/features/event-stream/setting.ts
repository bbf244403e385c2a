import { code } from '../../code/code-reference.ts'
import { keyed, list, oneOrMore } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { bytesOrOff, time, timeOrOff, value } from '../../settings/schema/setting.ts'
import { anyText, type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { token } from '../../settings/values/request-field.ts'
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
