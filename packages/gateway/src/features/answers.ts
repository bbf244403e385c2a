import { bodyFrom, fieldValue, type Handler, HeaderList, HttpResponse } from '@headgate/core'
import { fieldsOf } from '../settings/problems/fields.ts'
import { unused } from '../settings/problems/problem.ts'
import { never } from '../settings/schema/schema-tree.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { integer, value } from '../settings/schema/setting.ts'
import { anyText, type Kind } from '../settings/values/kinds.ts'
import { parsed, refused } from '../settings/values/parsed.ts'
import type { GeoLookup } from './geo/geo-place.ts'
import { applyHeaderChanges, changedFields, headerChanges } from './header-changes/header-changes.ts'
import type { RouteSetting } from './layer.ts'
import { location } from './templates/kinds.ts'
import { UrlTemplate } from './templates/url-template.ts'

const REDIRECTS: readonly unknown[] = [301, 302, 303, 307, 308]

export const redirectStatus: Kind<number> = {
  allowed: '301, 302, 303, 307 or 308',
  json: { type: 'integer', enum: REDIRECTS },
  type: 'number',
  parse: (written) =>
    REDIRECTS.includes(written) ? parsed(Number(written)) : refused('is not the status of a redirect'),
}

export const redirectSetting = section('RedirectInput', () => ({
  status: value(redirectStatus, '301, 302, 303, 307 or 308.').prefault(308),
  location: value(
    location,
    'Where to: a URL or a path, which may hold variables such as ${request.path} and ${request.query}.',
  ),
}))

/** The location is a template. */
export type RedirectConfig = Read<typeof redirectSetting>

export const respondSetting = section('RespondInput', () => ({
  status: integer('The status of the answer, from 200 to 599.', 200, 200, 599),
  headers: changedFields('Fields of the answer, with their values, which may hold variables.'),
  body: value(anyText, 'The content of the answer; plain text, unless headers say otherwise.').optional(),
}))

/** Names in lower case; values are templates. */
export type RespondConfig = Read<typeof respondSetting>

/** Statuses whose responses have no content (RFC 9110 15.3.5, 15.3.6 and 15.4.5). */
const WITHOUT_CONTENT: readonly unknown[] = [204, 205, 304]

export const respondSettings: RouteSetting = {
  checks(written, path) {
    const { status, body } = fieldsOf(written)
    return body !== undefined && WITHOUT_CONTENT.includes(status)
      ? [unused([...path, 'body'], `is without effect, as a ${String(status)} has no content`)]
      : []
  },
  rules: [
    {
      at: [],
      rules: [never({ required: ['status', 'body'], properties: { status: { enum: WITHOUT_CONTENT } } })],
    },
  ],
}

/** Answers with a redirect (RFC 9110 15.4). */
export function redirectTo({ status, location }: RedirectConfig, geo?: GeoLookup): Handler {
  const template = new UrlTemplate(location, geo)
  return async (exchange) => {
    const headers = new HeaderList()
    headers.set('location', fieldValue(template.expand(exchange)))
    return new HttpResponse(status, headers)
  }
}

/** Answers the same each time, but for the variables in its fields. */
export function respondWith({ status, headers: fields, body }: RespondConfig, geo?: GeoLookup): Handler {
  const changesFor = headerChanges({ set: fields, add: {}, remove: [] }, geo)
  const content = body === undefined ? undefined : bodyFrom(body)
  return (exchange) => {
    const headers = new HeaderList()
    if (content !== undefined) headers.set('content-type', 'text/plain; charset=utf-8')
    applyHeaderChanges(headers, changesFor(exchange))
    return Promise.resolve(new HttpResponse(status, headers, content))
  }
}
