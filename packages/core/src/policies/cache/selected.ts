import type { CacheKey, Selection, StoredHead } from './store.ts'

/**
 * Whether a stored response is one of those that a purge is for. A URL stands for itself, its query included; a prefix ends where
 * a segment of the path ends, so that /shop takes /shop/1 and /shop?q=1 with it, and not /shopping.
 */
export function isSelected(
  selection: Selection,
  key: CacheKey,
  head: Pick<StoredHead, 'url' | 'route' | 'tags' | 'groups'>,
): boolean {
  switch (selection.by) {
    case 'all':
      return true
    case 'key':
      return selection.key.text === key.text
    case 'url':
      return head.url === selection.value
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

function isBelow(url: string, prefix: string): boolean {
  if (!url.startsWith(prefix)) return false
  const next = url[prefix.length]
  return prefix.endsWith('/') || next === undefined || next === '/' || next === '?'
}
