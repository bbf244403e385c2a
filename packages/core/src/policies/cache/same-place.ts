import type { StoredHead } from './store.ts'

/** Whether one takes the place of the other under their key: of the same variant, and the same part. */
export function isSamePlace(one: StoredHead, other: StoredHead): boolean {
  return (
    one.variant === other.variant &&
    one.range?.first === other.range?.first &&
    one.range?.last === other.range?.last
  )
}
