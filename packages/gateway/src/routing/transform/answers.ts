import { bodyFrom, fieldValue, type Handler, HeaderList, HttpResponse } from '@headgate/core'
import type { RedirectConfig, RespondConfig } from '../../config/schema/traffic-schema.ts'
import type { GeoLookup } from '../geo/geo-place.ts'
import { applyHeaderChanges, headerChanges } from './header-changes.ts'
import { UrlTemplate } from './url-template.ts'

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
