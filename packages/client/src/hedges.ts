import { hedge, type HedgeOptions, type Policy } from '@headgate/core'
import type { HedgeSettings } from './options.ts'

/**
 * The hedging of a client. Its policy knows what responses took so far, so calls that change other settings, and hence have a
 * stack of their own, share it.
 */
export class Hedges {
  private readonly rest: Omit<HedgeOptions, keyof HedgeSettings>
  private readonly own: HedgeSettings | undefined
  private readonly policy: Policy | undefined

  /** @throws TypeError if a setting is out of range */
  constructor(own: HedgeSettings | undefined, rest: Omit<HedgeOptions, keyof HedgeSettings>) {
    this.own = own
    this.rest = rest
    this.policy = own && hedge({ ...own, ...rest })
  }

  for(settings: HedgeSettings): Policy {
    if (settings === this.own && this.policy !== undefined) return this.policy
    return hedge({ ...settings, ...this.rest })
  }
}
