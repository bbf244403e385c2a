import { parseList } from '../../fields/structured.ts'
import type { HeaderList } from '../../message/headers.ts'
import { formatUrl, isSameOrigin, type UrlParts } from '../../message/reference.ts'
import { resolveReference } from '../../message/resolve-reference.ts'
import { isSafe } from '../../message/request.ts'
import { InvalidTarget } from '../../message/target.ts'
import type { Selection } from './store.ts'

/** Methods that read, whose responses may be stored or passed over but invalidate nothing. */
function reads(method: string): boolean {
  return isSafe(method) || method === 'QUERY'
}

/**
 * What a response makes invalid (RFC 9111 4.4): after an unsafe method that succeeded, what is stored of the target, of Location
 * and of Content-Location where they are of the same origin, and of the groups that it names (RFC 9875 3). Others could have
 * entries of a stranger's origin removed.
 */
export function invalidated(
  method: string,
  target: UrlParts,
  status: number,
  headers: HeaderList,
): Selection[] {
  if (reads(method) || status < 200 || status > 399) return []
  const urls = new Set([formatUrl(target)])
  for (const name of ['location', 'content-location']) {
    const reference = headers.get(name)
    const url = reference === undefined ? undefined : resolveReference(target, reference)
    if (url !== undefined && !(url instanceof InvalidTarget) && isSameOrigin(url, target))
      urls.add(formatUrl(url))
  }
  const groups = groupsOf(target, headers.get('cache-group-invalidation'))
  return [
    ...Array.from(urls, (value): Selection => ({ by: 'url', value })),
    ...groups.map((value): Selection => ({ by: 'group', value })),
  ]
}

/** Groups of an origin: those of the same name of another one are others (RFC 9875 2.1). */
export function groupsOf(target: UrlParts, field: string | undefined): readonly string[] {
  if (field === undefined) return NO_GROUPS
  return (parseList(field) ?? []).flatMap((member) =>
    'bare' in member && member.bare.type === 'string'
      ? [`${target.scheme}://${target.authority.text} ${member.bare.value}`]
      : [],
  )
}

const NO_GROUPS: readonly string[] = []
