import { joinLists, lowerCase, mergeKeys, type Merged, nearest, type Part } from '../../settings/merge.ts'

/** By what they name: the nearest one counts. Names of fields, parameters and cookies by name; all of `all` must match. */
export function mergeMatches(parts: readonly Part[]): Merged {
  return mergeKeys(parts, (key, found) => {
    if (key === 'all') return joinLists(found)
    if (key === 'headers') return mergeKeys(found, nearest, lowerCase)
    return key === 'query' || key === 'cookies' ? mergeKeys(found, nearest) : nearest(key, found)
  })
}
