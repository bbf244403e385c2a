import type { Exchange } from '@headgate/core'
import { someQueryValue } from '../../routing/conditions.ts'
import { type ApiVersionsConfig, plainVersion } from './setting.ts'

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

/** What is known of a request when its version is sought. */
export type Asker = Pick<Exchange, 'request' | 'params'>

/** Where a request may name a version, in the order in which they are looked at. */
export type VersionSource = 'path' | 'query' | 'header' | 'mediaType'

/** Which version a request is for, or why it is for none. */
export type AskedVersion =
  /** `by` is undefined for the default. */
  | { readonly kind: 'known'; readonly version: string; readonly by: VersionSource | undefined }
  | { readonly kind: 'unsupported'; readonly asked: string; readonly by: VersionSource }
  /** Two places name different versions: one reader would see one of them, another the other. */
  | { readonly kind: 'contradiction'; readonly versions: readonly [string, string] }
  | { readonly kind: 'missing' }

type Reader = (asker: Asker) => string | undefined

/** Finds out which version of an API a request is for. */
export function versionSeeker(config: ApiVersionsConfig): (asker: Asker) => AskedVersion {
  const known = new Map(Object.keys(config.versions).map((name) => [plainVersion(name), name]))
  const readers = readersOf(config, known)
  const otherwise: AskedVersion =
    config.default === undefined
      ? { kind: 'missing' }
      : { kind: 'known', version: config.default, by: undefined }
  return (asker) => {
    let found: AskedVersion = otherwise
    for (const { by, read } of readers) {
      const asked = read(asker)
      if (asked === undefined) continue
      const version = known.get(plainVersion(asked))
      if (version === undefined) return { kind: 'unsupported', asked, by }
      if (found.kind === 'known' && found.by !== undefined) {
        if (found.version !== version) return { kind: 'contradiction', versions: [found.version, version] }
      } else found = { kind: 'known', version, by }
    }
    return found
  }
}

function readersOf(
  { path, query, header, mediaType }: ApiVersionsConfig,
  known: ReadonlyMap<string, string>,
): { readonly by: VersionSource; readonly read: Reader }[] {
  const readers: [VersionSource, Reader | undefined][] = [
    [
      'path',
      path === undefined
        ? undefined
        : ({ params }) => (Object.hasOwn(params, path) ? params[path] : undefined),
    ],
    ['query', query === undefined ? undefined : ({ request }) => queryValue(request.query, query)],
    ['header', header === undefined ? undefined : ({ request }) => request.headers.get(header) || undefined],
    [
      'mediaType',
      mediaType === undefined
        ? undefined
        : ({ request }) => acceptedVersion(request.headers.get('accept'), mediaType, known),
    ],
  ]
  return readers.flatMap(([by, read]) => (read === undefined ? [] : [{ by, read }]))
}

/** Several different ones are one that there is not. */
function queryValue(query: string, name: string): string | undefined {
  let all: string | undefined
  someQueryValue(query, name, (value) => {
    if (value !== '' && value !== all) all = all === undefined ? value : `${all}, ${value}`
    return false
  })
  return all
}
