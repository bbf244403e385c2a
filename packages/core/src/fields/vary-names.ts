import type { HeaderList } from '../message/headers.ts'

/** Tells caches what else a response depends on (RFC 9110 12.5.5). @param names in lower case */
export function addVary(headers: HeaderList, names: readonly string[]): void {
  if (names.length === 0) return
  const there = headers.get('vary')?.toLowerCase() ?? ''
  const listed = there.split(',').map((each) => each.trim())
  if (listed.includes('*')) return
  for (const name of names) if (!listed.includes(name)) headers.append('vary', name)
}
