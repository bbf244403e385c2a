import { createPublicKey, type KeyObject } from 'node:crypto'
import { type Fields, fieldOf, isFields, listOf } from '../../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../../settings/problems/problem.ts'
import { implies, type JsonSchema, never } from '../../../settings/schema/schema-tree.ts'
import { ALGORITHMS, fits } from './setting.ts'

const HMAC = { required: ['algorithm'], properties: { algorithm: { const: 'hmac-sha256' } } }

/** What an algorithm takes, for editors: whether a key fits it, they do not know. */
export const signatureKeyRules: readonly JsonSchema[] = [
  implies(HMAC, { required: ['secret'] }),
  never({ ...HMAC, required: ['algorithm', 'key'] }),
  implies(never(HMAC), { required: ['key'] }),
  never({ required: ['algorithm', 'secret'], properties: { algorithm: { not: { const: 'hmac-sha256' } } } }),
]

/** The same, of keys as they were written, and whether two have one id. */
export function signatureChecks(written: unknown, path: Path): Finding[] {
  const ids = new Set<unknown>()
  return findEach(listOf(fieldOf(written, 'keys')), (key, index): Finding[] => {
    if (!isFields(key)) return []
    const place = [...path, 'keys', index]
    const isRepeated = ids.has(key['id'])
    ids.add(key['id'])
    if (isRepeated)
      return [{ path: [...place, 'id'], problem: 'is the id of another key of this authenticator' }]
    return keyProblems(key, place)
  })
}

function keyProblems({ algorithm, key, secret }: Fields, path: Path): Finding[] {
  const known = ALGORITHMS.find((each) => each === algorithm)
  if (known === undefined) return []
  const [needed, other] = known === 'hmac-sha256' ? ['secret', 'key'] : ['key', 'secret']
  const given = { key, secret }
  const findings: Finding[] = []
  if (given[needed as 'key' | 'secret'] === undefined)
    findings.push({ path, part: 'key', problem: `has no ${needed}, which ${known} takes` })
  if (given[other as 'key' | 'secret'] !== undefined)
    findings.push({ path: [...path, other ?? ''], part: 'key', problem: `has no meaning for ${known}` })
  const made = typeof key === 'string' && known !== 'hmac-sha256' ? keyIn(key) : undefined
  if (made !== undefined && !fits(known, made))
    findings.push({ path: [...path, 'key'], problem: `is no key for ${known}` })
  return findings
}

function keyIn(written: string): KeyObject | undefined {
  try {
    return createPublicKey(written)
  } catch {
    return undefined
  }
}
