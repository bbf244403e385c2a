import type { Exchange } from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { Template, type TemplatePart } from './template.ts'
import { UrlTemplate } from './url-template.ts'

/** The value of a header field, made for an exchange. */
export interface FieldTemplate {
  /** Whether it is the same for every request. */
  readonly isFixed: boolean
  readonly expand: (exchange: Exchange) => string
}

/**
 * A template as the value of the field of that name. Where the field leads clients somewhere, no request chooses the host; in
 * Set-Cookie, none adds attributes.
 * @param name in lower case
 * @throws TypeError if it is none, or a request could choose what it must not
 */
export function fieldTemplate(name: string, text: string, geo?: GeoLookup): FieldTemplate {
  const template = new Template(text, geo)
  if (template.isFixed) return template
  switch (name) {
    case 'location':
    case 'content-location':
      return new UrlTemplate(text, geo)
    case 'link':
      return withUrls(text, linkUrls(text), 'has a variable outside of "<" and ">"', geo)
    case 'refresh':
      return withUrls(text, refreshUrl(text), 'has a variable outside of its URL', geo)
    case 'set-cookie':
      return { isFixed: false, expand: (exchange) => template.expand(exchange, cookieText) }
    default:
      return template
  }
}

interface Place {
  readonly start: number
  readonly end: number
}

/** Of Link (RFC 8288 section 3): what stands between "<" and ">". */
function linkUrls(text: string): Place[] {
  return Array.from(text.matchAll(/<[^<>]*>/g), ({ index, 0: { length } }) => {
    return { start: index + 1, end: index + length - 1 }
  })
}

/** What stands behind "url=". Anchored at the front, so that no blank is looked at twice. */
function refreshUrl(text: string): Place[] {
  const before = /^[\d\s]*[;,]\s*url\s*=\s*/i.exec(text)?.[0]
  return before === undefined || before === text ? [] : [{ start: before.length, end: text.length }]
}

/** @param places of the URLs */
function withUrls(
  text: string,
  places: readonly Place[],
  problem: string,
  geo: GeoLookup | undefined,
): FieldTemplate {
  const parts: (string | UrlTemplate)[] = []
  let done = 0
  for (const { start, end } of places) {
    const url = text.slice(start, end)
    parts.push(text.slice(done, start), new Template(url).isFixed ? url : new UrlTemplate(url, geo))
    done = end
  }
  parts.push(text.slice(done))
  if (parts.some((part) => typeof part === 'string' && part.includes('${'))) throw new TypeError(problem)
  return {
    isFixed: false,
    expand: (exchange) =>
      parts.map((part) => (typeof part === 'string' ? part : enclosed(part.expand(exchange)))).join(''),
  }
}

/** As it stands between "<" and ">": what a client chose of it must not end it. */
export function enclosed(url: string): string {
  return url.replace(/[<>"\s]/g, encodeURIComponent)
}

/** Only what a cookie's value may hold, and no "%" of its own (RFC 6265 4.1.1). */
function cookieText(value: string, { kind }: TemplatePart): string {
  if (kind === 'text') return value
  return value.replace(/[^!#$&-+\--:<-[\]-~]/g, (char) => encodeURIComponent(char.toWellFormed()))
}
