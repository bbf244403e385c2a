import { suggest } from '../problems/suggest.ts'
import type { Kind } from './kinds.ts'
import { didYouMean, parsed, refused, scalarText } from './parsed.ts'

/**
 * One of a few words.
 * @param otherNames what is often written for one of them, in lower case: it is refused, and that one suggested
 */
export function choice<T extends string>(
  words: readonly T[],
  otherNames: Readonly<Record<string, T>> = {},
): Kind<T> {
  return {
    allowed: words.join(' or '),
    json: { type: 'string', enum: words },
    parse(written) {
      const word = words.find((candidate) => candidate === written)
      if (word !== undefined) return parsed(word)
      const text = scalarText(written)
      const other = text.toLowerCase()
      const meant = Object.hasOwn(otherNames, other)
        ? otherNames[other]
        : (suggest(text, words) ?? begun(text, words))
      return refused('is not one of the choices', meant === undefined ? undefined : didYouMean(meant))
    },
  }
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, '')
}

/** The only word that begins or ends so: `leastconn`, `ewma`. */
function begun(written: string, words: readonly string[]): string | undefined {
  const start = plain(written)
  if (start.length < 3) return undefined
  const found = words.filter((word) => plain(word).startsWith(start) || plain(word).endsWith(start))
  return found.length === 1 ? found[0] : undefined
}
