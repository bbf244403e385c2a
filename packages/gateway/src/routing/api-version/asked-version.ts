import type { Exchange } from '@headgate/core'
import type { ApiVersionsConfig } from '../../config/schema/api-version-schema.ts'
import { plainVersion } from '../../config/values/api-version-kinds.ts'
import { someQueryValue } from '../conditions/request-values.ts'
import { acceptedVersion } from './accepted-version.ts'

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
