import { code } from '../../code/code-reference.ts'
import { keyed, list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { bytes, oneOf, value } from '../../settings/schema/setting.ts'
import { anyText, type Kind, textKind, whole } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { valueTemplate } from '../templates/kinds.ts'

const POINTER = '^(?:/(?:[^/~]|~[01])*)*$'

export const pointer: Kind<string> = textKind(
  'a place in JSON',
  'a place in JSON (RFC 6901), such as /customer/name; "" is the whole, and /items/- behind the end of a list',
  (written) => (new RegExp(POINTER).test(written) ? parsed(written) : refused('is not a place in JSON')),
  { pattern: POINTER },
)

/** Any value of JSON. */
export const anyJson: Kind<unknown> = {
  allowed: 'any value',
  json: {},
  type: 'string | number | boolean | null | unknown[] | { readonly [name: string]: unknown }',
  parse: (written) => parsed(written),
}

const MOST_SOUGHT = 1_000

const sought: Kind<string> = textKind(
  'a text',
  `a text of 1 to ${MOST_SOUGHT} characters`,
  (written) =>
    written.length >= 1 && written.length <= MOST_SOUGHT ? parsed(written) : refused('is empty or too long'),
  { minLength: 1, maxLength: MOST_SOUGHT },
)

const status: Kind<string> = textKind(
  'a status',
  'a status of the upstream, from 200 to 599, in quotes',
  (written) => (/^[2-5]\d\d$/.test(written) ? parsed(written) : refused('is not a status')),
  { pattern: '^[2-5][0-9]{2}$' },
)

/** A change of JSON: `checks.ts` says which keys go together. */
export const jsonChange = section('JsonChangeInput', () => ({
  set: value(
    pointer,
    'The place that gets a value, with `value` or `text`; objects on the way are made.',
  ).optional(),
  value: value(anyJson, 'For set: any value.').optional(),
  text: value(
    valueTemplate,
    'For set: a text, which may hold variables such as ${identity.subject}.',
  ).optional(),
  remove: value(pointer, 'The place that goes.').optional(),
  rename: value(pointer, 'The member that gets the name that `to` says.').optional(),
  move: value(pointer, 'The place whose value goes to the place that `to` says.').optional(),
  copy: value(pointer, 'The place whose value the place that `to` says gets, too.').optional(),
  to: value(anyText, 'For rename: the new name. For move and copy: the other place.').optional(),
  pick: list(value(pointer))
    .min(1)
    .describe('The places that stay; of a list, in each of its items.')
    .optional(),
  wrap: value(anyText, 'The name of the only member of an object that the whole becomes.').optional(),
  unwrap: value(pointer, 'The place whose value becomes the whole.').optional(),
}))

const replacement = section('TextReplacementInput', () => ({
  find: value(sought, 'The text that is sought, letter by letter.'),
  replace: value(anyText, 'What stands in its place.'),
}))

function common(what: 'request' | 'response') {
  return {
    json: list(jsonChange())
      .describe(
        `Changes to the content of the ${what} where that is JSON, one after the other. Each has one of set, remove, rename, move, copy, pick, wrap and unwrap.`,
      )
      .prefault([]),
    by: value(
      code(
        `a function that is given the ${what} and returns another, or nothing`,
        `Change${what === 'request' ? 'Request' : 'Response'} | string`,
      ),
      `Code that changes the ${what}, after all else: the path of a module that exports a function of the ${what} and the context, or in TypeScript the function itself.`,
    ).optional(),
    limit: bytes('Size of content that is changed as a whole: it is read into memory first.', {
      min: '64B',
      max: '64MiB',
    }).prefault('1MiB'),
    onUnfit: oneOf(
      ['refuse', 'pass'],
      `What becomes of content that is larger, or is not what its type says: refuse answers with ${what === 'request' ? '413 or 400' : '502'}, pass leaves it as it is.`,
    ).prefault('refuse'),
  }
}

const request = section('TransformRequestInput', () => ({
  ...common('request'),
  as: oneOf(
    ['json', 'form'],
    'What a form, or JSON, is turned into for the upstream; before the changes to JSON come, or after them.',
  ).optional(),
}))

const response = section('TransformResponseInput', () => ({
  ...common('response'),
  status: keyed(status, value(whole(200, 599)))
    .describe('Other statuses in place of those of the upstream: { "404": 200 }.')
    .prefault({}),
  text: list(replacement())
    .describe(
      'Texts that are replaced in text of every kind, JSON and scripts among them, while it passes. The first of the list counts where two begin at one place.',
    )
    .prefault([]),
}))

export const transformSetting = section('TransformInput', () => ({
  request: request().optional().describe('Changes to requests on their way to the upstream.'),
  response: response().optional().describe('Changes to what the upstream answers.'),
}))

export type TransformConfig = Read<typeof transformSetting>
export type TransformRequestConfig = NonNullable<TransformConfig['request']>
export type TransformResponseConfig = NonNullable<TransformConfig['response']>
