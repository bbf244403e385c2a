import type { HttpRequest, Scheme } from './request.ts'
import type { Authority } from './target.ts'

/** The parts of an http or https URL, in canonical form. */
export interface UrlParts {
  readonly scheme: Scheme
  readonly authority: Authority
  readonly path: string
  /** "?" included; empty if there is none. */
  readonly query: string
}

/** The parts of a request's URL. */
export function urlParts({ scheme, authority, path, query }: HttpRequest): UrlParts {
  return { scheme, authority, path, query }
}

/** As it is written. */
export function formatUrl({ scheme, authority, path, query }: UrlParts): string {
  return `${scheme}://${authority.text}${path}${query}`
}

/** Whether both have the same scheme, host and port (RFC 6454 section 5). */
export function isSameOrigin(one: UrlParts, other: UrlParts): boolean {
  return one.scheme === other.scheme && one.authority.text === other.authority.text
}
