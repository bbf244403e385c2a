import { dirname, resolve } from 'node:path'
import { isFields } from '../../settings/problems/fields.ts'

/** A file of schemas as it was read: what threads are sent, and by what a change of it is known. */
export interface SchemaFile {
  /** SHA-256 of its bytes. */
  readonly digest: string
  readonly content: unknown
}

/** By absolute path. */
export type SchemaFiles = Readonly<Record<string, SchemaFile>>

/** What the schemas of a configuration are made of, beside what stands in it. */
export interface KnownSchemas {
  /** Where relative paths start. */
  readonly folder: string
  readonly files: SchemaFiles
}

/** By which these are told from others, without what is in them. */
export function schemasIdentity({ folder, files }: KnownSchemas): unknown {
  return [folder, Object.entries(files).map(([file, { digest }]) => [file, digest])]
}

/** A place in a document. */
export interface SchemaPlace {
  readonly document: SchemaDocument
  /** Keys from its root. */
  readonly path: readonly string[]
  readonly value: unknown
  /** The innermost `$id` around it, made absolute; empty where there is none. */
  readonly base: string
}

/** A file, or a schema that stands in the configuration. */
export interface SchemaDocument {
  /** For people: the file as it was named, or "the schema". */
  readonly name: string
  /** Where references to other files start. */
  readonly folder: string
  /** Absolute; empty for one that stands in the configuration. */
  readonly file: string
  readonly root: unknown
  /** What its schemas call themselves, by `$id` and by `$anchor` behind "#": names and keys from the root. */
  readonly names: ReadonlyMap<string, readonly string[]>
}

/** A reference that leads nowhere. The message continues a sentence that begins with it. */
export class LostReference extends Error {}

/** Finds what references lead to: within a document, and in files beside it. Nothing is ever fetched. */
export class SchemaDocuments {
  private readonly known = new Map<string, SchemaDocument>()
  private readonly read: (file: string) => unknown

  /** @param read what is in a file; throws an Error that says why it cannot be read */
  constructor(read: (file: string) => unknown) {
    this.read = read
  }

  /** @param folder where its references start */
  inline(root: unknown, folder: string): SchemaPlace {
    const document = { name: 'the schema', folder, file: '', root, names: namesIn(root) }
    return { document, path: [], value: root, base: baseOf('', root) }
  }

  /** @throws LostReference */
  file(file: string): SchemaPlace {
    const document = this.document(file)
    return { document, path: [], value: document.root, base: baseOf('', document.root) }
  }

  /**
   * @param from the place where the reference stands
   * @throws LostReference
   */
  resolve(reference: string, from: SchemaPlace): SchemaPlace {
    const hash = reference.indexOf('#')
    const target = hash === -1 ? reference : reference.slice(0, hash)
    const fragment = hash === -1 ? '' : decoded(reference.slice(hash + 1))
    const start = target === '' ? this.ofBase(from) : this.ofName(target, from)
    if (fragment === '') return start
    if (fragment.startsWith('/')) return walk(start, fragment)
    const path = start.document.names.get(`${start.base}#${fragment}`)
    if (path === undefined) throw new LostReference('names an anchor that is not there')
    return at(start.document, path)
  }

  /** The schema that the innermost `$id` names. */
  private ofBase({ document, base }: SchemaPlace): SchemaPlace {
    const path = base === '' ? undefined : document.names.get(base)
    return at(document, path ?? [])
  }

  private ofName(target: string, { document, base }: SchemaPlace): SchemaPlace {
    const name = joined(base, target)
    for (const each of [document, ...this.known.values()]) {
      const path = each.names.get(name)
      if (path !== undefined) return at(each, path)
    }
    if (/^[a-z][a-z0-9+.-]*:/i.test(target))
      throw new LostReference('is remote, and nothing is fetched: a file beside it can stand in its place')
    return this.file(resolve(document.folder, decoded(target)))
  }

  private document(file: string): SchemaDocument {
    const known = this.known.get(file)
    if (known !== undefined) return known
    const root = this.read(file)
    const document = { name: file, folder: dirname(file), file, root, names: namesIn(root) }
    this.known.set(file, document)
    return document
  }
}

/** A step down. */
export function child(place: SchemaPlace, key: string, value: unknown): SchemaPlace {
  return { document: place.document, path: [...place.path, key], value, base: baseOf(place.base, value) }
}

function at(document: SchemaDocument, path: readonly string[]): SchemaPlace {
  let place: SchemaPlace = { document, path: [], value: document.root, base: baseOf('', document.root) }
  for (const key of path) {
    const { value } = place
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
      throw new LostReference('leads nowhere')
    place = child(place, key, (value as Record<string, unknown>)[key])
  }
  return place
}

/** @param pointer RFC 6901, as it stands in a fragment */
function walk(start: SchemaPlace, pointer: string): SchemaPlace {
  const keys = pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  return at(start.document, [...start.path, ...keys])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new LostReference('is not a URI reference')
  }
}

function baseOf(outer: string, value: unknown): string {
  const id = isFields(value) ? value['$id'] : undefined
  return typeof id === 'string' ? joined(outer, id.replace(/#$/, '')) : outer
}

/** Relative names count from the base; without one, a relative name is a name all the same. */
function joined(base: string, name: string): string {
  return (URL.canParse(base) && URL.parse(name, base)?.href) || name
}

/** A document must not make this take long: none has so many schemas with names. */
const MOST_NAMES = 10_000

/** Looks through all of a document: a name inside of an example is taken for one of a schema, which does no harm. */
function namesIn(root: unknown): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>()
  const pending: { value: unknown; path: readonly string[]; outer: string }[] = [
    { value: root, path: [], outer: '' },
  ]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path, outer } = next
    if (typeof value !== 'object' || value === null) continue
    const base = baseOf(outer, value)
    if (base !== outer && names.size < MOST_NAMES) names.set(base, path)
    for (const key of ['$anchor', '$dynamicAnchor']) {
      const anchor = isFields(value) ? value[key] : undefined
      if (typeof anchor === 'string' && names.size < MOST_NAMES) names.set(`${base}#${anchor}`, path)
    }
    for (const [key, inner] of Object.entries(value))
      if (typeof inner === 'object') pending.push({ value: inner, path: [...path, key], outer: base })
  }
  return names
}
