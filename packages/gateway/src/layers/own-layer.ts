import { fillPlaces, type Policy } from '@headgate/core'
import type { GatewayLayer } from './layer.ts'
import type { GatewayPlace, PlacedPolicy } from './place.ts'

/** A list of layers with the policies of the user's own in their places. */
export function withPolicies(
  list: readonly (GatewayLayer | GatewayPlace)[],
  policies: readonly PlacedPolicy[],
): readonly GatewayLayer[] {
  return fillPlaces(list, (row) =>
    policies.filter((each) => each.place === row.place).map(({ policy }) => ownLayer(row, policy)),
  )
}

function ownLayer({ place: name, once, about }: GatewayPlace, policy: Policy): GatewayLayer {
  const layer = {
    name: policy.name || name,
    about,
    // What it does is not known: it may send something.
    judged: false as const,
    build: () => policy,
    tells: () => ({ place: name }),
  }
  return once === 'exchange' ? { ...layer, once } : { ...layer, once }
}
