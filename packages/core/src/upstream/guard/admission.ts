import type { ResolvedAddress, Resolver } from '../connect/dns.ts'
import { type AddressGuard, type GuardedPlace, refusal } from './guard.ts'

/** Who says where a place is, and whether one may go there. */
export interface Admission {
  readonly resolver: Resolver
  readonly guard?: AddressGuard | undefined
}

/**
 * The addresses that may be connected to for a place, with a guard those and no others.
 * @throws TrafficError `dns_failed` or `address_refused`
 */
export async function admit(
  place: GuardedPlace,
  { resolver, guard }: Admission,
): Promise<readonly ResolvedAddress[]> {
  const { host } = place
  if (guard === undefined) return resolver.resolve(host)
  const verdict = guard.judge(place)
  if (!verdict.allowed) throw refusal(host, verdict.reason)
  // The guard reads addresses in forms that a resolver might read otherwise.
  if (verdict.addresses !== undefined) return verdict.addresses
  const addresses = await resolver.resolve(host)
  const answers = guard.judgeAnswers(host, addresses)
  if (!answers.allowed) throw refusal(host, answers.reason)
  return addresses
}
