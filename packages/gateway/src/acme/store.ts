import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock } from '@headgate/core'
import { PrivateFolder } from '../authority/private-folder.ts'
import { isFields } from './acme-error.ts'

/** Where keys and certificates are kept. Several gateways may share one: another kind of it needs these methods and no more. */
export interface CertificateStore {
  /** Undefined where there is none of that name. */
  read(name: string): Promise<Buffer | undefined>
  /** Whole or not at all. */
  write(name: string, content: string): Promise<void>
  /** Undefined where somebody else has it. It ends by itself if it is not kept. */
  lock(name: string): Promise<StoreLock | undefined>
}

export interface StoreLock {
  /** Has it for longer; to be called before `LOCK_LIFE` is over. False where it is somebody else's by now. */
  keep(): Promise<boolean>
  release(): Promise<void>
}

/** For how long a lock holds that nobody keeps, as after the end of its process. Milliseconds. */
export const LOCK_LIFE: number = 3 * 60_000

/** In a folder, of this machine or of a network. */
export class FolderStore implements CertificateStore {
  private readonly folder: PrivateFolder
  private readonly clock: Clock

  constructor(path: string, clock: Clock) {
    this.folder = new PrivateFolder(path)
    this.clock = clock
  }

  // oxlint-disable-next-line require-await -- others wait for a network
  async read(name: string): Promise<Buffer | undefined> {
    return this.folder.read(name)
  }

  // oxlint-disable-next-line require-await -- as above
  async write(name: string, content: string): Promise<void> {
    this.folder.write(name, content)
  }

  // oxlint-disable-next-line require-await -- as above
  async lock(name: string): Promise<StoreLock | undefined> {
    const file = `${name}.lock`
    const owner = `${hostname()} ${process.pid} ${randomUUID()}`
    if (!this.folder.create(file, this.text(owner)) && !this.takeOver(file, owner)) return undefined
    return {
      keep: async () => {
        if (this.ownerOf(file) !== owner) return false
        this.folder.write(file, this.text(owner))
        return true
      },
      release: async () => {
        if (this.ownerOf(file) === owner) this.folder.remove(file)
      },
    }
  }

  /** Takes a lock whose time is over. Of several who try, one moves it away. */
  private takeOver(file: string, owner: string): boolean {
    if (!this.isOver(file)) return false
    const aside = `${file}.${randomUUID()}.new`
    if (!this.folder.move(file, aside)) return false
    const wasOver = this.isOver(aside)
    // Somebody else may have taken it between the look and the move: then it is theirs.
    if (!wasOver) this.folder.move(aside, file)
    else this.folder.remove(aside)
    return wasOver && this.folder.create(file, this.text(owner))
  }

  private text(owner: string): string {
    return `${JSON.stringify({ owner, until: this.clock.wallTime() + LOCK_LIFE })}\n`
  }

  /** One that cannot be read was never whole. One that is far ahead was made by a clock that was wrong. */
  private isOver(file: string): boolean {
    const { until } = this.lockIn(file)
    const now = this.clock.wallTime()
    return typeof until !== 'number' || until <= now || until > now + 2 * LOCK_LIFE
  }

  private ownerOf(file: string): unknown {
    return this.lockIn(file)['owner']
  }

  private lockIn(file: string): Readonly<Record<string, unknown>> {
    try {
      const read: unknown = JSON.parse(this.folder.read(file)?.toString() ?? '')
      return isFields(read) ? read : {}
    } catch {
      return {}
    }
  }
}
