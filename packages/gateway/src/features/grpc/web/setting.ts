import type { Finding, Path } from '../../../settings/problems/problem.ts'
import { fieldOf, listOf } from '../../../settings/problems/fields.ts'
import { list } from '../../../settings/schema/list.ts'
import { type Read, section } from '../../../settings/schema/section.ts'
import { boolean, timeOr0, value } from '../../../settings/schema/setting.ts'
import { type Kind, textKind } from '../../../settings/values/kinds.ts'
import { parsed, refused } from '../../../settings/values/parsed.ts'
import { token } from '../../../settings/values/request-field.ts'

const EACH_PAGE = 'name the origin of each page, or write "*" for any'

/** An origin as browsers write it (RFC 6454 6.2): in lower case, without the port that its scheme has anyway. */
const webOrigin: Kind<string> = textKind(
  'the origin of a page',
  '"*" for any, or scheme, host and port as a browser sends them, such as https://shop.example',
  (written) => {
    if (written === '*') return parsed(written)
    if (written.includes('*')) return refused('would never match: "*" stands alone', EACH_PAGE)
    const url = URL.canParse(written) ? new URL(written) : undefined
    return url !== undefined && /^https?:$/.test(url.protocol) && url.origin === written
      ? parsed(written)
      : refused('is not the origin of a page')
  },
  { pattern: '^(?:\\*|https?://[^/?#@*\\s]+)$' },
)

export const grpcWebSetting = section('GrpcWebInput', () => ({
  origins: list(value(webOrigin))
    .prefault([])
    .describe(
      'Pages of other origins that may make calls (CORS), "*" for any. Left out: those of the same origin alone, and preflights go to the upstream.',
    ),
  credentials: boolean('Whether such pages may send cookies and other credentials of the browser.', false),
  exposeHeaders: list(value(token))
    .prefault([])
    .describe('Fields of responses that such pages may read, besides those of gRPC.'),
  maxAge: timeOr0('How long a browser may remember the answer to a preflight; 0: not at all.').prefault('1h'),
}))

export type GrpcWebConfig = Read<typeof grpcWebSetting>

/** With credentials, any page could act for whoever looks at it. */
export function grpcWebChecks(written: unknown, path: Path): Finding[] {
  if (fieldOf(written, 'credentials') !== true || !listOf(fieldOf(written, 'origins')).includes('*'))
    return []
  const problem = 'lets every page act with the credentials of whoever looks at it'
  return [
    {
      path: [...path, 'origins'],
      problem,
      allowed: 'the origins of your own pages, where credentials is true',
    },
  ]
}
