import { DiskOwner, type DiskCacheOptions } from './disk-owner.ts'
import { DiskStore } from './disk-store.ts'

/** A cache on disk for one thread, which has its folder until the store is closed. */
export class OwnDiskStore extends DiskStore {
  private readonly disk: DiskOwner

  /** @throws DiskCacheError if the folder cannot be used */
  constructor(options: DiskCacheOptions) {
    const disk = new DiskOwner(options)
    super(disk, 0, options)
    this.disk = disk
    disk.open()
  }

  /** Resolves when all that was there is found again. */
  get ready(): Promise<void> {
    return this.disk.ready
  }

  override async close(): Promise<void> {
    await super.close()
    await this.disk.close()
  }
}
