import { own } from '@headgate/core'

/** What stands for a setting that is left out: it inherits nothing, so that its own settings come from their defaults alone. */
export function nothing(): Record<string, never> {
  return own({})
}
