import { findEach } from '../../settings/problems/find-each.ts'
import type { Finding } from '../../settings/problems/problem.ts'
import { redact } from '../../settings/redact.ts'
import { HIDDEN } from '../../settings/redact-text.ts'
import { inputSchema } from '../../settings/schema/input-schema.ts'

/** No setting stands deeper. */
const DEEPEST = 64
/** Something that is hidden wherever a secret would be. */
const STAND_IN = 'hidden0hidden0hidden'

/**
 * What was shown in place of a secret is not the secret: a configuration that was read from the admin endpoints and saved would
 * send it to upstreams.
 */
export function redactedChecks(input: unknown): Finding[] {
  const visit = (value: unknown, path: PropertyKey[]): void => {
    if (typeof value === 'string') {
      if (value.includes(HIDDEN)) suspects.push([path, value])
    } else if (typeof value === 'object' && value !== null && path.length < DEEPEST) {
      for (const [key, item] of Object.entries(value))
        visit(item, [...path, Array.isArray(value) ? Number(key) : key])
    }
  }
  const suspects: [PropertyKey[], string][] = []
  visit(input, [])
  return findEach(suspects, ([path, text]): Finding[] => {
    const filled = text.replaceAll(HIDDEN, STAND_IN)
    // Somebody may mean these very words, in a text.
    return isHiddenThere(path, filled, text) ? [{ path, ...STANDS_FOR_SECRET }] : []
  })
}

function isHiddenThere(path: readonly PropertyKey[], filled: string, text: string): boolean {
  // The map around it decides, too.
  const nested = path.reduceRight<unknown>(
    (value, key) => (typeof key === 'number' ? [value] : { [key]: value }),
    filled,
  )
  let shown: unknown = redact(nested, inputSchema())
  for (const key of path)
    shown =
      typeof shown === 'object' && shown !== null
        ? Reflect.get(shown, typeof key === 'number' ? 0 : key)
        : shown
  return shown === text
}

const STANDS_FOR_SECRET = {
  problem: 'stands for a secret that is not shown',
  allowed: 'the secret itself',
  hint: 'in a call that replaces the configuration it means "as it is", where the one in force has a secret in that place',
}
