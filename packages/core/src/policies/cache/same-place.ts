import type { StoredHead } from './store.ts'

type Place = Pick<StoredHead, 'variant' | 'range'>

/** Whether one takes the place of the other under their key: of the same variant, and the same part. */
export function isSamePlace(one: Place, other: Place): boolean {
  return (
    one.variant === other.variant &&
    one.range?.first === other.range?.first &&
    one.range?.last === other.range?.last
  )
}
