import { keyed } from './keyed.ts'
import { list } from './list.ts'
import { boolean, bytesOr0, integer, oneOf, text, value } from './setting.ts'
import * as z from './zod.ts'
import type {
  HeaderChangesConfig,
  MirrorConfig,
  RedirectConfig,
  RespondConfig,
  RewriteConfig,
  SplitConfig,
  StickyConfig,
} from '../types/traffic-config.ts'
import type {
  HeaderChangesInput,
  MirrorInput,
  RedirectInput,
  RespondInput,
  RewriteInput,
  SplitInput,
} from '../input/traffic-input.ts'
import { anyText, upstreamReference } from '../values/kinds.ts'
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
import { nothing } from './nothing.ts'

const UPSTREAM = 'The name of an upstream, or the URL of a single endpoint.'

/** Where the field leads clients somewhere, no request may choose the host. */
function fields(about: string) {
  return keyed(changedField, text(valueTemplate, ''), fieldProblem).prefault(nothing).describe(about)
}

function parameters(about: string) {
  return keyed(anyText, text(valueTemplate, '')).prefault(nothing).describe(about)
}

const query = z.strictObject({
  set: parameters('Parameters to replace or add, with their values, which may hold variables.'),
  add: parameters(
    'Parameters to add beside those that are there, with their values, which may hold variables.',
  ),
  remove: list(text(anyText, '')).prefault([]).describe('Names of parameters to remove.'),
})

export const rewrite: z.ZodType<RewriteConfig, RewriteInput> = z.strictObject({
  stripPrefix: text(
    stripPrefix,
    "A path that is cut off the front of the request's: with /api, /api/orders becomes /orders.",
  ).optional(),
  restorePrefix: boolean(
    'Put what was cut off, here or by apiVersions.stripPath, back in front of Location, Content-Location, the URL of Refresh and the Path of cookies in what the upstream answers.',
    true,
  ),
  path: text(
    pathTemplate,
    'The path that the upstream sees; it may hold variables such as ${params.id} and ${request.path}.',
  ).optional(),
  host: text(hostAndPort, 'The Host that the upstream sees, as host or host:port.').optional(),
  query: query.optional().describe('Changes to the parameters of the query.'),
})

export const headerChanges: z.ZodType<HeaderChangesConfig, HeaderChangesInput> = z.strictObject({
  set: fields(
    'Fields to replace or add, with their values, which may hold variables such as ${client.address}.',
  ),
  add: fields('Fields to add beside those that are there, with their values, which may hold variables.'),
  remove: list(text(changedField, '')).prefault([]).describe('Names of fields to remove.'),
})

export const redirect: z.ZodType<RedirectConfig, RedirectInput> = z.strictObject({
  status: value<number, number>(redirectStatus, '301, 302, 303, 307 or 308.').prefault(308),
  location: text(
    location,
    'Where to: a URL or a path, which may hold variables such as ${request.path} and ${request.query}.',
  ),
})

export const respond: z.ZodType<RespondConfig, RespondInput> = z.strictObject({
  status: integer('The status of the answer, from 200 to 599.', 200, 200, 599),
  headers: fields('Fields of the answer, with their values, which may hold variables.'),
  body: text(anyText, 'The content of the answer; plain text, unless headers say otherwise.').optional(),
})

const stickyForms = z.union([
  oneOf(['client'], ''),
  z.strictObject({
    header: text(
      matchedField,
      'The field whose value decides; requests without it are spread one by one.',
    ).optional(),
    cookie: text(token, 'The cookie whose value decides; who has none is given one.').optional(),
  }),
])

const sticky = stickyForms.transform((written, context): StickyConfig => {
  if (written === 'client') return written
  const { header, cookie } = written
  if (header !== undefined && cookie === undefined) return { header }
  if (cookie !== undefined && header === undefined) return { cookie }
  const params = { allowed: 'client, { header: NAME } or { cookie: NAME }' }
  context.issues.push({ code: 'custom', message: 'needs one of header and cookie', input: written, params })
  return z.NEVER
})

export const split: z.ZodType<SplitConfig, SplitInput> = z.strictObject({
  upstreams: list(
    z.strictObject({
      upstream: text(upstreamReference, UPSTREAM),
      weight: integer('Share of the requests, relative to the others; 0 for none.', 1, 0, 10_000),
    }),
  )
    .min(1)
    .describe('Among which upstreams requests are spread.'),
  sticky: sticky
    .optional()
    .describe(
      'What keeps somebody with the same upstream: client (the address), a header or a cookie. Left out: each request for itself.',
    ),
})

export const mirror: z.ZodType<MirrorConfig, MirrorInput> = z.strictObject({
  upstream: text(
    upstreamReference,
    'The name of an upstream, or the URL of a single endpoint, that gets a copy; what it answers is dropped.',
  ),
  percent: value<number, number>(percentage, 'Share of the requests that are copied, in percent.').prefault(
    100,
  ),
  concurrency: integer('Copies per worker that may be under way; beyond that, none are made.', 64, 1, 10_000),
  body: bytesOr0('Requests with a larger body, or one that is still arriving, are not copied.').prefault(
    '16KiB',
  ),
})
