import type { MaybePromise } from './store.ts'

/** What a store returns; undefined if it throws: what is wrong with a store breaks no exchange. */
export function ignoring<Value>(ask: () => Value): Value | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}

/** Hands the value on: at once where it is here, else when it comes; undefined where it will not. */
export function whenHere<Value>(value: MaybePromise<Value>, take: (value: Value | undefined) => void): void {
  if (value instanceof Promise) value.then(take, () => take(undefined))
  else take(value)
}
