import { plainVersion } from '../../config/values/api-version-kinds.ts'

/**
 * The version that Accept names (RFC 9110 12.5.1): of those that there are the one that is liked best, the first of equals.
 * One that there is not counts only where nothing else would do, either.
 * @param base the type without version and suffix: with application/vnd.shop, there are application/vnd.shop.v2+json and
 *   application/vnd.shop+json;version=2
 * @param known without the "v" in front
 */
export function acceptedVersion(
  accept: string | undefined,
  base: string,
  known: ReadonlyMap<string, string>,
): string | undefined {
  // Most requests name no version: no list is made for them.
  if (accept === undefined || !accept.toLowerCase().includes(base)) return undefined
  let best: string | undefined
  let liking = 0
  let unknown: string | undefined
  let takesOthers = false
  for (const member of accept.split(',')) {
    const [type = '', ...parameters] = member.split(';').map((part) => part.trim())
    const quality = qualityOf(parameters)
    if (quality === 0) continue
    const version = versionOf(type.toLowerCase(), base) ?? parameterOf(type.toLowerCase(), base, parameters)
    if (version === undefined) takesOthers = true
    else if (!known.has(plainVersion(version))) unknown ??= version
    else if (quality > liking) {
      best = version
      liking = quality
    }
  }
  return best ?? (takesOthers ? undefined : unknown)
}

/** Of `base.v2` and `base.v2+json`. */
function versionOf(type: string, base: string): string | undefined {
  if (!type.startsWith(`${base}.`)) return undefined
  const [version] = type.slice(base.length + 1).split('+')
  return version || undefined
}

/** Of `base;version=2` and `base+json; v=2`. */
function parameterOf(type: string, base: string, parameters: readonly string[]): string | undefined {
  if (type !== base && !type.startsWith(`${base}+`)) return undefined
  for (const parameter of parameters) {
    const [, value] = /^(?:version|v)=(.+)$/i.exec(parameter) ?? []
    if (value !== undefined) return value.replace(/^"(.*)"$/, '$1')
  }
  return undefined
}

function qualityOf(parameters: readonly string[]): number {
  const weight = parameters.find((each) => /^q=/i.test(each))
  if (weight === undefined) return 1
  const quality = Number(weight.slice(2))
  return quality >= 0 && quality <= 1 ? quality : 0
}
