import type { GeoMatchConfig } from './setting.ts'
import type { Condition } from '../../routing/conditions/condition.ts'
import { type GeoFact, type GeoLookup, UNKNOWN } from './geo-place.ts'

const FACTS: readonly GeoFact[] = ['country', 'continent', 'subdivision', 'asn']

/** What a match asks of where the client is: a condition for each fact. */
export function geoConditions(match: GeoMatchConfig | undefined, lookup: GeoLookup): readonly Condition[] {
  return FACTS.flatMap((fact) => {
    const values = match?.[fact]
    return values === undefined ? [] : [isThere(fact, values, lookup)]
  })
}

function isThere(fact: GeoFact, values: readonly string[], lookup: GeoLookup): Condition {
  const accepted = new Set(values)
  const named = values.map((value) => (fact === 'asn' && value !== UNKNOWN ? `AS${value}` : value))
  return {
    text: `${fact} is ${named.join(' or ')}`,
    weight: 1,
    holds: ({ clientAddress }) => accepted.has(lookup(clientAddress)[fact]),
  }
}
