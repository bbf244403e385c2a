import { fieldsOf } from '../../../settings/problems/fields.ts'

/** Of the store that remembers the nonces of an authenticator: no limit of the configuration has such an id, since names hold no colon. */
export function nonceStore(authenticator: string): string {
  return `signature-nonces:${authenticator}`
}

/** How many nonces authenticators remember, and for how long, by the ids of their stores. */
export function nonceMemories(
  authenticators: Readonly<Record<string, unknown>>,
): { readonly id: string; readonly entries: number; readonly time: number }[] {
  return Object.entries(authenticators).flatMap(([name, config]) => {
    const { nonces, maxAge, clockSkew } = fieldsOf(fieldsOf(config)['signature'])
    if (typeof nonces !== 'number') return []
    // From the first moment in which its signature is taken to the last one.
    return [{ id: nonceStore(name), entries: nonces, time: Number(maxAge) + 2 * Number(clockSkew) }]
  })
}
