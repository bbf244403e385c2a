import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { boolean, value } from '../../settings/schema/setting.ts'
import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { TEMPLATE } from '../../settings/schema/schema-tree.ts'
import { Template } from '../templates/template.ts'

const STATUSES = '^(?:[45][0-9]{2}|[45]xx)$'

const statuses: Kind<string> = textKind(
  'a status of an error',
  'a status of an error in quotes ("404"), or all of a kind (4xx, 5xx)',
  (written) =>
    new RegExp(STATUSES).test(written) ? parsed(written) : refused('is not a status of an error'),
  { pattern: STATUSES },
)

const MEDIA_TYPE = '^[\\w!#$&^.+-]+/[\\w!#$&^.+-]+(?:; ?[\\w-]+=[\\w.+-]+)*$'

const mediaType: Kind<string> = textKind(
  'a media type',
  'a media type, such as text/html; charset=utf-8',
  (written) => (new RegExp(MEDIA_TYPE).test(written) ? parsed(written) : refused('is not a media type')),
  { pattern: MEDIA_TYPE },
)

/** A text of any length with variables, which are escaped as the page's type asks. */
const page: Kind<string> = textKind(
  'a text',
  'a text, which may hold variables of requests such as ${request.id}, and ${file:./error.html} for what is in a file',
  (written) => {
    try {
      void new Template(written)
      return parsed(written)
    } catch (error) {
      return refused((error as Error).message)
    }
  },
  { $comment: TEMPLATE },
)

const errorPage = section('ErrorPageInput', () => ({
  statuses: list(value(statuses)).min(1).describe('The statuses that it is for: "404", 4xx, 5xx.'),
  type: value(
    mediaType,
    'Its media type: of several pages for a status, clients get the one that Accept prefers.',
  ).prefault('text/html; charset=utf-8'),
  text: value(page, 'Its content: a text with variables, or ${file:./error.html}.'),
}))

export const errorPagesSetting = section('ErrorPagesInput', () => ({
  pages: list(errorPage())
    .min(1)
    .describe('Pages in place of the problem documents of the gateway; the first that fits counts.'),
  upstream: boolean('Whether they stand in place of errors that the upstream answers itself, too.', false),
}))

export type ErrorPagesConfig = Read<typeof errorPagesSetting>
