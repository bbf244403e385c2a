import { once, zod } from '../../../settings/schema/library.ts'
import { named, type Read, section } from '../../../settings/schema/section.ts'
import { boolean, oneOf, value } from '../../../settings/schema/setting.ts'
import { filePath, textKind } from '../../../settings/values/kinds.ts'
import { parsed, refused } from '../../../settings/values/parsed.ts'

const BASE = /^\/(?:[\w.~-]+(?:\/[\w.~-]+)*)?$/

const basePath = textKind(
  'a path',
  'a path such as /v1, or / for none',
  (written) => (BASE.test(written) ? parsed(written) : refused('is not a path')),
  { pattern: BASE.source },
)

const operationName = textKind(
  'an operation',
  'its operationId or, where it has none, method and path: "GET /orders/{id}"',
  (written) => (written.trim() === '' ? refused('is empty') : parsed(written)),
  { pattern: '\\S' },
)

const openapi = section('ValidateOpenapiInput', () => ({
  document: value(filePath, 'The path of a document of OpenAPI 3.0 or 3.1, in JSON or YAML.'),
  base: value(
    basePath,
    'What stands before the paths of the document. Left out: the paths of the URLs in its "servers".',
  ).optional(),
  routes: boolean(
    'Whether each operation becomes a route, in place of this one: called after its operationId, with its path and method, and all settings of this route.',
    false,
  ),
  operation: value(
    operationName,
    'The one operation that the route is for. Left out: all of the document.',
  ).optional(),
  responses: oneOf(
    ['ignore', 'report', 'enforce'],
    'Whether responses are checked, too: those that are not as the document says are counted and logged, or answered with 502 in their place. At most limits.size of each is held.',
  ).prefault('ignore'),
}))

export type OpenapiConfig = Read<typeof openapi>

/** A path alone stands for a section that says nothing else. */
export const openapiSetting = once(() =>
  named(
    'ValidateOpenapiSettingInput',
    zod().union([
      value(filePath).transform((document): OpenapiConfig => openapi().parse({ document })),
      openapi(),
    ]),
  ),
)
