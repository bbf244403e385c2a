import { findEach, type Finding, type Path } from '../problems/problem.ts'

/** As shells and other gateways write a variable; a "$" behind a letter, as in a regular expression or a price, is none. */
const UNBRACED = /(?:^|[\s:/@=,])\$[A-Z_][A-Z0-9_]+\b/

// Without the name: where a secret begins with a dollar sign, it would be shown.
const TAKEN_AS_IT_STANDS = {
  problem: 'has a "$" in front of a name, which is taken as it stands',
  hint: 'the value of a variable of the environment is written ${NAME}',
}

/** What is longer is a text for people. Characters. */
const LONGEST = 1000

/** Texts that are taken as they stand, where the value of a variable was nearly surely meant. */
export function unbracedVariables(written: unknown): readonly Finding[] {
  return findEach(textsWithin(written, []), ({ text, path }): Finding[] => {
    if (text.length > LONGEST || !UNBRACED.test(text)) return []
    return [{ path, ...TAKEN_AS_IT_STANDS }]
  })
}

interface PlacedText {
  readonly text: string
  readonly path: Path
}

function textsWithin(value: unknown, path: Path): PlacedText[] {
  if (typeof value === 'string') return value.includes('$') ? [{ text: value, path }] : []
  if (Array.isArray(value)) return value.flatMap((each, index) => textsWithin(each, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => textsWithin(each, [...path, key]))
}
