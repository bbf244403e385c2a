import { createHash } from 'node:crypto'
import { type Clock, HeaderList, RecencyMap, TrafficError, WholeBody } from '@headgate/core'
import { type FoundFile, findFile, openFound, type Root } from './find-file.ts'
import { CODINGS, type Coding } from './precompressed.ts'

/** A file with what is sent of it. */
export interface KnownFile extends FoundFile {
  /** Of the response with all of it: copied for each. */
  readonly headers: HeaderList
  /** The same, names and values by turns, for conditions. */
  readonly fields: readonly string[]
  /** All of it, where it is small. */
  readonly content: WholeBody | undefined
  /** The same content in other codings, where it lies beside it. */
  readonly coded: ReadonlyMap<Coding, KnownFile>
}

/** What a response says of a file by its name alone. */
export type FieldsOf = (name: string) => Promise<readonly string[]>

/** What is known is taken as it is for so long, in milliseconds; then it is looked at again. */
const RECHECK = 1_000
/** Content is kept of files of so many bytes: to read more is no longer dear beside sending it. */
const SMALL = 64 * 1024
/** Bytes of content that are kept, by route and worker. */
const MOST_CONTENT = 16 * 1024 * 1024
const MOST_NAMES = 10_000
/** A compressed file that is so much older than the file itself was not made of it. In milliseconds. */
const OLDER = 60_000
/** Who changes a file within this time after it was looked at may leave its time as it is. In milliseconds. */
const JUST_NOW = 1_000

/** A file that changes each time it is read is not served. */
const TRIES = 3

interface Look {
  readonly found: KnownFile | 'folder'
  checkedAt: number
}

/**
 * The files below a root, as far as they were asked for lately: what they are, and the content of small ones. A change is seen within
 * a second; until then no request costs a call to the system.
 */
export class KnownFiles {
  private readonly root: Root
  private readonly clock: Clock
  private readonly fieldsOf: FieldsOf
  private readonly looks = new RecencyMap<Look>()
  private readonly underWay = new Map<string, Promise<KnownFile | 'folder' | undefined>>()
  private names = 0
  private bytes = 0

  constructor(root: Root, clock: Clock, fieldsOf: FieldsOf) {
    this.root = root
    this.clock = clock
    this.fieldsOf = fieldsOf
  }

  /** What is at a name, if that is known still. */
  known(name: string): KnownFile | 'folder' | undefined {
    const look = this.looks.get(name)
    return look !== undefined && this.clock.now() - look.checkedAt < RECHECK ? look.found : undefined
  }

  /**
   * What is at a name: without a promise if that is known.
   * @throws TrafficError `file_unreadable`
   */
  find(name: string): KnownFile | 'folder' | undefined | Promise<KnownFile | 'folder' | undefined> {
    const known = this.known(name)
    if (known !== undefined) return known
    const asked = this.underWay.get(name)
    if (asked !== undefined) return asked
    const inspected = this.inspect(name, this.looks.peek(name)).finally(() => this.underWay.delete(name))
    this.underWay.set(name, inspected)
    return inspected
  }

  /** It turned out to be another one than it was. */
  forget(name: string): void {
    const look = this.looks.peek(name)
    if (look === undefined) return
    this.looks.delete(name)
    this.names--
    this.bytes -= contentOf(look.found)
  }

  private async inspect(name: string, look: Look | undefined): Promise<KnownFile | 'folder' | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const checkedAt = this.clock.now()
      const [found, siblings] = await this.findWithSiblings(name)
      if (found === undefined) {
        this.forget(name)
        return undefined
      }
      if (look !== undefined && isSame(look.found, found, siblings)) {
        look.checkedAt = checkedAt
        return look.found
      }
      const known = found === 'folder' ? found : await this.read(name, found, siblings)
      if (known === undefined) continue
      this.keep(name, { found: known, checkedAt })
      return known
    }
    this.forget(name)
    throw new TrafficError('file_unreadable', `the file ${name} changes while it is read`)
  }

  private async findWithSiblings(
    name: string,
  ): Promise<[FoundFile | 'folder' | undefined, ReadonlyMap<Coding, FoundFile>]> {
    const siblings = new Map<Coding, FoundFile>()
    const file = await findFile(this.root, name)
    if (file === undefined || file === 'folder' || !this.root.precompressed) return [file, siblings]
    const beside = await Promise.all(
      CODINGS.map(
        async ({ coding, extension }) =>
          [coding, await ifReadable(findFile(this.root, name + extension))] as const,
      ),
    )
    for (const [coding, sibling] of beside)
      if (typeof sibling === 'object' && sibling.modifiedAt >= file.modifiedAt - OLDER)
        siblings.set(coding, sibling)
    return [file, siblings]
  }

  private async read(
    name: string,
    file: FoundFile,
    siblings: ReadonlyMap<Coding, FoundFile>,
  ): Promise<KnownFile | undefined> {
    const fields = await this.fieldsOf(name)
    const varies = siblings.size > 0 ? [...fields, 'vary', 'accept-encoding'] : fields
    const coded = new Map<Coding, KnownFile>()
    for (const [coding, sibling] of siblings) {
      const fieldsOfCoded = [...varies, 'content-encoding', coding]
      const known = await ifReadable(this.readOne(sibling, fieldsOfCoded, NO_CODED))
      if (known !== undefined) coded.set(coding, known)
    }
    return this.readOne(file, varies, coded)
  }

  /** @returns undefined where it changes while it is read */
  private async readOne(
    file: FoundFile,
    fields: readonly string[],
    coded: ReadonlyMap<Coding, KnownFile>,
  ): Promise<KnownFile | undefined> {
    let content: WholeBody | undefined
    if (file.size <= SMALL) {
      content = await smallContent(file)
      if (content === undefined) return undefined
    }
    const now = this.clock.wallTime()
    const modified = new Date(Math.min(file.modifiedAt, now)).toUTCString()
    const all = [...fields, 'last-modified', modified, 'etag', tagOf(file, content, now)]
    return { ...file, headers: headersOf(all), fields: all, content, coded }
  }

  private keep(name: string, look: Look): void {
    this.forget(name)
    this.looks.set(name, look)
    this.names++
    this.bytes += contentOf(look.found)
    while (this.bytes > MOST_CONTENT || this.names > MOST_NAMES) this.forget(this.looks.oldest ?? name)
  }
}

const NO_CODED: ReadonlyMap<Coding, KnownFile> = new Map()

function isSame(
  known: KnownFile | 'folder',
  found: FoundFile | 'folder',
  siblings: ReadonlyMap<Coding, FoundFile>,
): boolean {
  if (known === 'folder' || found === 'folder') return known === found
  if (!isUnchanged(known, found) || known.coded.size !== siblings.size) return false
  return Array.from(known.coded).every(([coding, each]) => isUnchanged(each, siblings.get(coding)))
}

/** What lies compressed beside a file, and this user may not read, is as good as not there. */
function ifReadable<Value>(value: Promise<Value>): Promise<Value | undefined> {
  return value.catch(() => undefined)
}

function headersOf(fields: readonly string[]): HeaderList {
  const headers = new HeaderList()
  for (let index = 0; index < fields.length; index += 2)
    headers.add(fields[index] as string, fields[index + 1] as string) // pairs
  headers.add('accept-ranges', 'bytes')
  return headers
}

function isUnchanged(one: FoundFile, other: FoundFile | undefined): boolean {
  return one.path === other?.path && one.stamp === other.stamp
}

function contentOf(found: KnownFile | 'folder'): number {
  if (found === 'folder') return 0
  let bytes = found.content?.length ?? 0
  for (const each of found.coded.values()) bytes += each.content?.length ?? 0
  return bytes
}

async function smallContent(file: FoundFile): Promise<WholeBody | undefined> {
  const handle = await openFound(file)
  if (handle === undefined) return undefined
  try {
    const bytes = await handle.readFile()
    return bytes.length === file.size ? WholeBody.fromBytes(bytes) : undefined
  } finally {
    await handle.close()
  }
}

/**
 * A name of what is in the file, the same on each machine that has it (RFC 9110 8.8.3). Of content that is here it is made of that:
 * images and packages that are built reproducibly give all files one time. Else it is size and time, and weak as long as the file may
 * change without another time.
 */
function tagOf(
  { size, modified, modifiedAt }: FoundFile,
  content: WholeBody | undefined,
  now: number,
): string {
  if (content !== undefined) {
    const digest = createHash('sha256').update(content.bytes).digest('base64url')
    return `"${digest.slice(0, 22)}"`
  }
  const tag = `"${modified.toString(36)}-${size.toString(36)}"`
  return now - modifiedAt < JUST_NOW ? `W/${tag}` : tag
}
