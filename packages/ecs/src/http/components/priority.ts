import type { Priority as CallPriority } from '@headgate/client'
import { component, type Component } from '../../port/component.ts'

/** `high`, `normal` or `low`. */
export type Priority = CallPriority

/** Where requests wait for a slot, who goes first; what waits long enough rises, so that nothing starves. Default `normal`. */
export const Priority: Component<Priority> = component('Priority', (given: Priority): Priority => {
  if (PRIORITIES.indexOf(given) < 0)
    throw new TypeError(`Priority is ${JSON.stringify(given)}; allowed: "high", "normal" or "low"`)
  return given
})

/** By class, the first is served first. */
export const PRIORITIES: readonly Priority[] = ['high', 'normal', 'low']
