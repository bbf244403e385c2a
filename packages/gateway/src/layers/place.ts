import type { Policy, PolicyPlace } from '@headgate/core'

/** The places of the gateway's list where policies of the user's own may stand. */
export const PLACES = ['before-limits', 'before-changes', 'before-upstream', 'each-attempt'] as const
export type PlaceName = (typeof PLACES)[number]

export type GatewayPlace = PolicyPlace<PlaceName>

/** A policy of the user's own, and where it stands. Several in one place are met in the order in which they are given. */
export interface PlacedPolicy {
  readonly place: PlaceName
  readonly policy: Policy
}

export function place(name: PlaceName, once: GatewayPlace['once'], about: string): GatewayPlace {
  return { place: name, once, about }
}
