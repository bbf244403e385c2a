import {
  type InheritedSetting,
  type Merged,
  mergeKeys,
  nearest,
  type Part,
  placeOf,
} from '../../settings/merge.ts'

/** Of several layers, all denials hold, and the permissions and the mode of the nearest that says any. */
export function mergeAuthorization(parts: readonly Part[]): Merged {
  return mergeKeys(parts, (key, found) => (key === 'deny' ? allRules(found) : nearest(key, found)))
}

/** One rule may stand without a list. */
function allRules(parts: readonly Part[]): Merged {
  const rules: unknown[] = []
  const places: InheritedSetting[] = []
  for (const part of parts) {
    const isList = Array.isArray(part.value)
    for (const [index, rule] of (isList ? (part.value as unknown[]) : [part.value]).entries()) {
      const origin = isList ? [...part.origin, index] : part.origin
      places.push(...placeOf({ ...part, origin }, [rules.length]))
      rules.push(rule)
    }
  }
  return { value: rules, places }
}
