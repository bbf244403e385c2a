import { once, zod } from '../../settings/schema/library.ts'
import { keyed, list } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { boolean, bytesOr0, integer, oneOf, value } from '../../settings/schema/setting.ts'
import { anyText, upstreamReference } from '../../settings/values/kinds.ts'
import {
  changedField,
  fieldProblem,
  hostAndPort,
  location,
  matchedField,
  pathTemplate,
  percentage,
  redirectStatus,
  stripPrefix,
  token,
  valueTemplate,
} from '../values/route-kinds.ts'

const UPSTREAM = 'The name of an upstream, or the URL of a single endpoint.'

/** Where the field leads clients somewhere, no request may choose the host. */
function fields(about: string) {
  return keyed(changedField, value(valueTemplate), fieldProblem).prefault(nothing).describe(about)
}

function parameters(about: string) {
  return keyed(anyText, value(valueTemplate)).prefault(nothing).describe(about)
}

const query = section('QueryChangesInput', () => ({
  set: parameters('Parameters to replace or add, with their values, which may hold variables.'),
  add: parameters(
    'Parameters to add beside those that are there, with their values, which may hold variables.',
  ),
  remove: list(value(anyText)).prefault([]).describe('Names of parameters to remove.'),
}))

/** Values are templates. */
export type QueryChangesConfig = Read<typeof query>

export const rewrite = section('RewriteInput', () => ({
  stripPrefix: value(
    stripPrefix,
    "A path that is cut off the front of the request's: with /api, /api/orders becomes /orders.",
  ).optional(),
  restorePrefix: boolean(
    'Put what was cut off, here or by apiVersions.stripPath, back in front of Location, Content-Location, the URL of Refresh and the Path of cookies in what the upstream answers.',
    true,
  ),
  path: value(
    pathTemplate,
    'The path that the upstream sees; it may hold variables such as ${params.id} and ${request.path}.',
  ).optional(),
  host: value(hostAndPort, 'The Host that the upstream sees, as host or host:port.').optional(),
  query: query().optional().describe('Changes to the parameters of the query.'),
}))

/** The path is a template. */
export type RewriteConfig = Read<typeof rewrite>

export const headerChanges = section('HeaderChangesInput', () => ({
  set: fields(
    'Fields to replace or add, with their values, which may hold variables such as ${client.address}.',
  ),
  add: fields('Fields to add beside those that are there, with their values, which may hold variables.'),
  remove: list(value(changedField)).prefault([]).describe('Names of fields to remove.'),
}))

/** Names in lower case; values are templates. */
export type HeaderChangesConfig = Read<typeof headerChanges>

export const redirect = section('RedirectInput', () => ({
  status: value(redirectStatus, '301, 302, 303, 307 or 308.').prefault(308),
  location: value(
    location,
    'Where to: a URL or a path, which may hold variables such as ${request.path} and ${request.query}.',
  ),
}))

/** The location is a template. */
export type RedirectConfig = Read<typeof redirect>

export const respond = section('RespondInput', () => ({
  status: integer('The status of the answer, from 200 to 599.', 200, 200, 599),
  headers: fields('Fields of the answer, with their values, which may hold variables.'),
  body: value(anyText, 'The content of the answer; plain text, unless headers say otherwise.').optional(),
}))

/** Names in lower case; values are templates. */
export type RespondConfig = Read<typeof respond>

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

export const split = section('SplitInput', () => ({
  upstreams: list(splitUpstream()).min(1).describe('Among which upstreams requests are spread.'),
  sticky: sticky()
    .optional()
    .describe(
      'What keeps somebody with the same upstream: client (the address), a header or a cookie. Left out: each request for itself.',
    ),
}))

export type SplitConfig = Read<typeof split>

export const mirror = section('MirrorInput', () => ({
  upstream: value(
    upstreamReference,
    'The name of an upstream, or the URL of a single endpoint, that gets a copy; what it answers is dropped.',
  ),
  percent: value(percentage, 'Share of the requests that are copied, in percent.').prefault(100),
  concurrency: integer('Copies per worker that may be under way; beyond that, none are made.', 64, 1, 10_000),
  body: bytesOr0('Requests with a larger body, or one that is still arriving, are not copied.').prefault(
    '16KiB',
  ),
}))

export type MirrorConfig = Read<typeof mirror>
