import {
  ByteReader,
  ModuleRefused,
  readSections,
  type Section,
  u32Bytes,
  writeSections,
} from './module-bytes.ts'

const TYPES = 1
const IMPORTS = 2
const TABLES = 4
const MEMORIES = 5
const GLOBALS = 6
const EXPORTS = 7
const ELEMENTS = 9
/** Stands in modules whose code initializes memory of data, or drops data. */
const DATA_COUNT = 12

/** Entries that a table may grow to: each costs 8 bytes of the process, which no limit of memory covers. */
const LARGEST_TABLE = 65_536
/** What is added to the exports, so that all state of an instance can be seen and put back. */
export const STATE_PREFIX = 'headgate:state:'

export interface BoundModule {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The memory that the module wants to be given, if it has none of its own. */
  readonly importedMemory: { module: string; name: string; initial: number; maximum: number } | undefined
  /** Whether code can drop data or elements, which leaves a trace that cannot be seen from outside. */
  readonly hasSegmentsToDrop: boolean
}

interface Found {
  importedMemory: BoundModule['importedMemory']
  memories: number
  tables: number
  globals: number
  /** The indexes of globals that are the module's own. */
  ownGlobals: number
}

/**
 * The module with a limit on what its memory and tables grow to, written into its own bytes: the engine then refuses growth itself,
 * whether the memory is the module's own or imported. State that it keeps to itself is exported under `STATE_PREFIX`.
 */
export function boundModule(bytes: Uint8Array, maxPages: number): BoundModule {
  const found: Found = { importedMemory: undefined, memories: 0, tables: 0, globals: 0, ownGlobals: 0 }
  const sections = readSections(bytes)
  const bounded = sections.map((section) => boundSection(section, maxPages, found))
  if (found.memories > 1) throw new ModuleRefused('the module has several memories: it may have one')
  return {
    bytes: writeSections(withState(bounded, found)),
    importedMemory: found.importedMemory,
    hasSegmentsToDrop: canDrop(sections),
  }
}

function boundSection(section: Section, maxPages: number, found: Found): Section {
  const reader = new ByteReader(section.content)
  if (section.id === TYPES) refuseObjects(reader)
  if (section.id === IMPORTS) readImports(reader, maxPages, found)
  if (section.id === GLOBALS) found.ownGlobals = reader.u32()
  if (section.id === MEMORIES) {
    const count = reader.u32()
    const out = u32Bytes(count)
    for (let index = 0; index < count; index++) out.push(...boundLimits(reader, maxPages, 'memory').written)
    found.memories += count
    return { id: section.id, content: Uint8Array.from(out) }
  }
  if (section.id === TABLES) {
    const count = reader.u32()
    const out = u32Bytes(count)
    for (let index = 0; index < count; index++) {
      out.push(referenceType(reader), ...boundLimits(reader, LARGEST_TABLE, 'table').written)
    }
    found.tables += count
    return { id: section.id, content: Uint8Array.from(out) }
  }
  return section
}

/**
 * Structures and arrays live in the heap of the engine: no limit of memory covers them, and what a module changes in one that a global
 * names could not be put back.
 */
function refuseObjects(reader: ByteReader): void {
  for (let left = reader.u32(); left > 0; left--) {
    const plain = reader.byte() === 0x60 && plainTypes(reader) && plainTypes(reader)
    if (!plain)
      throw new ModuleRefused('the module has types of garbage collection, which plugins may not have')
  }
}

/** Numbers, vectors, and references to functions and to what is the host's. */
function plainTypes(reader: ByteReader): boolean {
  for (let left = reader.u32(); left > 0; left--) {
    const type = reader.byte()
    if (type !== 0x70 && type !== 0x6f && (type < 0x7b || type > 0x7f)) return false
  }
  return true
}

function referenceType(reader: ByteReader): number {
  const type = reader.byte()
  if (type !== 0x70 && type !== 0x6f)
    throw new ModuleRefused('the module has a table of a kind that plugins may not have')
  return type
}

/** Flags other than "has a maximum" are for shared memory and 64 bits: neither is given to plugins. */
function boundLimits(reader: ByteReader, largest: number, what: string) {
  const flags = reader.byte()
  if (flags > 1)
    throw new ModuleRefused(`the module's ${what} is shared or has 64 bits: plugins may have neither`)
  const initial = reader.u32()
  const maximum = Math.min(flags === 1 ? reader.u32() : largest, largest)
  if (initial > maximum)
    throw new ModuleRefused(`the module's ${what} begins with ${initial}, and ${largest} are allowed`)
  return { initial, maximum, written: [1, ...u32Bytes(initial), ...u32Bytes(maximum)] }
}

function readImports(reader: ByteReader, maxPages: number, found: Found): void {
  const text = () => Buffer.from(reader.take(reader.u32())).toString('utf8')
  for (let left = reader.u32(); left > 0; left--) {
    const [module, name] = [text(), text()]
    const kind = reader.byte()
    if (kind === 0) reader.u32()
    else if (kind === 2) {
      const { initial, maximum } = boundLimits(reader, maxPages, 'memory')
      found.importedMemory = { module, name, initial, maximum }
      found.memories++
    } else throw new ModuleRefused(`the module imports ${module} ${name}, which is no function and no memory`)
  }
}

function withState(sections: readonly Section[], found: Found): Section[] {
  const added: number[][] = []
  const add = (kind: number, index: number) => {
    const name = Buffer.from(`${STATE_PREFIX}${kind}:${index}`)
    added.push([...u32Bytes(name.length), ...name, kind, ...u32Bytes(index)])
  }
  for (let index = 0; index < found.tables; index++) add(1, index)
  for (let index = 0; index < found.memories; index++) add(2, index)
  for (let index = 0; index < found.ownGlobals; index++) add(3, index)
  const old = sections.find(({ id }) => id === EXPORTS)?.content ?? Uint8Array.of(0)
  const reader = new ByteReader(old)
  const count = reader.u32()
  const content = Buffer.concat([
    Uint8Array.from(u32Bytes(count + added.length)),
    old.subarray(reader.at),
    Uint8Array.from(added.flat()),
  ])
  const before = sections.filter(({ id }) => id !== EXPORTS)
  // Sections stand in the order of their numbers, but for custom ones (0), tags (13) and the count of data (12).
  const place = before.findIndex(({ id }) => id > EXPORTS && id < 13)
  const exported: Section = { id: EXPORTS, content }
  return place < 0 ? [...before, exported] : before.toSpliced(place, 0, exported)
}

/** One plain list of functions, as compilers write it, is dropped when the instance is made, and nothing is left to drop. */
function canDrop(sections: readonly Section[]): boolean {
  return sections.some(({ id, content }) => {
    if (id !== ELEMENTS) return id === DATA_COUNT
    return content[0] !== 0 && (content[0] !== 1 || content[1] !== 0)
  })
}
