import { knownOptions, type OptionNames, type Policy, type PolicyPlace } from '@headgate/core'

/** The places of the gateway's list where policies of the user's own may stand. */
export const PLACES = ['before-limits', 'before-changes', 'before-upstream', 'each-attempt'] as const
export type PlaceName = (typeof PLACES)[number]

export type GatewayPlace = PolicyPlace<PlaceName>

/** A policy of the user's own, and where it stands. Several in one place are met in the order in which they are given. */
export interface PlacedPolicy {
  readonly place: PlaceName
  readonly policy: Policy
}

const OPTIONS: OptionNames<PlacedPolicy> = { place: true, policy: true }

/** @throws TypeError for what is none, with what is allowed */
export function checkedPolicies(policies: readonly PlacedPolicy[]): readonly PlacedPolicy[] {
  if (!Array.isArray(policies)) throw new TypeError('option createGateway.policies is no list')
  return policies.map((each: PlacedPolicy, index) => {
    const where = `createGateway.policies[${index}]`
    const placed = knownOptions(where, each, OPTIONS)
    if (!PLACES.includes(placed.place))
      throw new TypeError(
        `option ${where}.place is ${JSON.stringify(placed.place)}; allowed: ${PLACES.join(', ')}`,
      )
    if (typeof placed.policy !== 'function')
      throw new TypeError(
        `option ${where}.policy is no function; allowed: a Policy, which takes a handler and returns one`,
      )
    return placed
  })
}

export function place(name: PlaceName, once: GatewayPlace['once'], about: string): GatewayPlace {
  return { place: name, once, about }
}
