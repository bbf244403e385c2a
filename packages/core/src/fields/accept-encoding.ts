import { listMembers } from '../message/tokens.ts'

/** The content as it is (RFC 9110 12.5.3). */
export const IDENTITY = 'identity'

/** A weight (RFC 9110 12.4.2). */
const WEIGHT = /;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*(?:;|$)/i

/** More members than any client has: what stands behind them is passed over. */
const MOST = 32

/**
 * Which of the content codings that there are the client likes best, by the weights of its Accept-Encoding (RFC 9110 12.5.3). Without
 * the field any would do: the content as it is does for every client.
 * @param offered in lower case, the best one first, which counts where the client likes several alike
 * @returns `identity` for none of them; undefined where the client takes none, nor the content as it is
 */
export function acceptedCoding<Coding extends string>(
  accept: string | undefined,
  offered: readonly Coding[],
): Coding | typeof IDENTITY | undefined {
  if (accept === undefined) return IDENTITY
  const weights = weightsOf(accept)
  const others = weights.get('*')
  let best: Coding | undefined
  let most = 0
  for (const coding of offered) {
    const weight = weights.get(coding) ?? others ?? 0
    if (weight <= most) continue
    best = coding
    most = weight
  }
  // Unless it is named, it is taken, and liked less than all that is.
  const plain = weights.get(IDENTITY) ?? (others === 0 ? 0 : undefined)
  if (best !== undefined && most >= (plain ?? 0)) return best
  return plain === 0 ? undefined : IDENTITY
}

function weightsOf(accept: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const member of listMembers(accept).slice(0, MOST)) {
    const coding = /^[^;\s]+/.exec(member)?.[0]?.toLowerCase()
    if (coding === undefined) continue
    const weight = member.includes(';') ? WEIGHT.exec(member)?.[1] : '1'
    // Recipients take the names of old for the same (RFC 9110 8.4.1.3).
    if (weight !== undefined) weights.set(coding === 'x-gzip' ? 'gzip' : coding, Number(weight))
  }
  return weights
}
