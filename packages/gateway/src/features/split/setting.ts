import { once, zod } from '../../settings/schema/library.ts'
import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { integer, oneOf, value } from '../../settings/schema/setting.ts'
import { upstreamReference } from '../../settings/values/kinds.ts'
import { matchedField, token } from '../../settings/values/request-field.ts'

const UPSTREAM = 'The name of an upstream, or the URL of a single endpoint.'

const stickyForms = once(() =>
  zod().union([
    oneOf(['client']),
    section('SplitStickyInput', () => ({
      header: value(
        matchedField,
        'The field whose value decides; requests without it are spread one by one.',
      ).optional(),
      cookie: value(token, 'The cookie whose value decides; who has none is given one.').optional(),
    }))(),
  ]),
)

export type SplitStickyConfig = 'client' | { readonly header: string } | { readonly cookie: string }

const sticky = once(() =>
  stickyForms().transform((written, context): SplitStickyConfig => {
    if (written === 'client') return written
    const { header, cookie } = written
    if (header !== undefined && cookie === undefined) return { header }
    if (cookie !== undefined && header === undefined) return { cookie }
    const params = { allowed: 'client, { header: NAME } or { cookie: NAME }' }
    context.issues.push({ code: 'custom', message: 'needs one of header and cookie', input: written, params })
    return zod().NEVER
  }),
)

const splitUpstream = section('SplitUpstreamInput', () => ({
  upstream: value(upstreamReference, UPSTREAM),
  weight: integer('Share of the requests, relative to the others; 0 for none.', 1, 0, 10_000),
}))

export type SplitUpstreamConfig = Read<typeof splitUpstream>

export const splitSetting = section('SplitInput', () => ({
  upstreams: list(splitUpstream()).min(1).describe('Among which upstreams requests are spread.'),
  sticky: sticky()
    .optional()
    .describe(
      'What keeps somebody with the same upstream: client (the address), a header or a cookie. Left out: each request for itself.',
    ),
}))

export type SplitConfig = Read<typeof splitSetting>
