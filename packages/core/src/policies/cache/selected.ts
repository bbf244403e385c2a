import type { CacheKey, Selection, StoredHead } from './store.ts'

/**
 * Whether a stored response is one of those that a purge is for. A URL stands for itself with any query, unless it has one; a
 * prefix ends where a segment of the path ends, so that /shop does not take /shopping with it.
 */
export function isSelected(selection: Selection, key: CacheKey, head: StoredHead): boolean {
  switch (selection.by) {
    case 'all':
      return true
    case 'key':
      return selection.key.text === key.text
    case 'url':
      return head.url === selection.value || withoutQuery(head.url) === selection.value
    case 'prefix':
      return isBelow(head.url, selection.value)
    case 'tag':
      return head.tags.includes(selection.value)
    case 'route':
      return head.route === selection.value
    case 'group':
      return head.groups.includes(selection.value)
  }
}

function withoutQuery(url: string): string {
  const mark = url.indexOf('?')
  return mark < 0 ? url : url.slice(0, mark)
}

function isBelow(url: string, prefix: string): boolean {
  if (!url.startsWith(prefix)) return false
  const next = url[prefix.length]
  return prefix.endsWith('/') || next === undefined || next === '/' || next === '?'
}
