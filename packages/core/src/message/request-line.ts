import { unsendable } from './errors.ts'
import type { HttpRequest } from './request.ts'

/** A request line is split at its blanks: another one, put there by a policy, would move the target's end (RFC 9112 3). */
export function checkRequestLine({ method, path, query }: HttpRequest): void {
  if (method !== '' && path !== '' && !hasBlank(method) && !hasBlank(path) && !hasBlank(query)) return
  throw unsendable('a request line to be written has an empty part or a blank within one')
}

function hasBlank(text: string): boolean {
  return text.includes(' ') || text.includes('\t')
}

/** Methods whose content has a meaning: without one, "content-length: 0" says so (RFC 9110 8.6). */
export function expectsContent(method: string): boolean {
  switch (method) {
    case 'POST':
    case 'PUT':
    case 'PATCH':
    case 'QUERY':
    case 'PROPFIND':
    case 'PROPPATCH':
      return true
    default:
      return false
  }
}
