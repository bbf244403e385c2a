import './node-version.ts'
import { type CacheStore, OwnDiskStore, ProcessStore, systemClock, TieredStore } from '@headgate/core'
import { callback, checkedOptions, checkedValue, type Checks, count, text } from './option-check.ts'

/** What `diskStore` is made with. */
export interface DiskStoreOptions {
  /**
   * A folder for it alone, which one store of one process uses at a time. It is made where it is not there. Its files can be read by this
   * user alone, and hold what responses hold.
   */
  readonly path: string
  /** Bytes that its files may take; beyond them what is least wanted goes. The largest response takes an eighth of it. Default 1 GiB. */
  readonly maxBytes?: number | undefined
  /** Bytes of memory in front of it, heads and keys included. Default 64 MiB. */
  readonly maxMemory?: number | undefined
  /**
   * Told what went wrong with files: it is taken as if nothing were stored. Default: a warning of the process, once.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Keeps the responses of clients on disk: what is stored when the program ends, its next run finds. */
export interface ClientDiskStore extends CacheStore, AsyncDisposable {
  /** Resolves when all that was there before is found again. Until then some of it is as if it were not there. */
  readonly ready: Promise<void>
  /** Gives the folder back, once what is being written is. Clients that are still open then find and store nothing. */
  close(): Promise<void>
}

const OPTIONS: Checks<DiskStoreOptions> = { path: text, maxBytes: count, maxMemory: count, onError: callback }

const MIB = 1024 * 1024

/**
 * A store for the option `cache` of clients, in memory and on disk behind that.
 * @throws TypeError if an option is not valid; DiskCacheError if the folder cannot be used, or is in use
 */
export function diskStore(given: DiskStoreOptions): ClientDiskStore {
  const options = checkedOptions('the options of diskStore', given, OPTIONS)
  checkedValue('path', options.path, text)
  const { path, maxBytes = 1024 * MIB, maxMemory = 64 * MIB, onError = warnOnce(options.path) } = options
  const disk = new OwnDiskStore({ path, maxBytes, clock: systemClock, onError })
  return new StoreWithDisk(new ProcessStore({ maxBytes: maxMemory }), disk, { name: 'disk', onError })
}

class StoreWithDisk extends TieredStore implements ClientDiskStore {
  declare readonly behind: OwnDiskStore

  get ready(): Promise<void> {
    return this.behind.ready
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function warnOnce(path: string): (error: unknown) => void {
  let warned = false
  return (error) => {
    if (warned) return
    warned = true
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(
      `the cache in ${path}: ${reason}; it goes on, and what it cannot read or write is as if it were not stored`,
      {
        type: 'HeadgateWarning',
        code: 'HEADGATE_CACHE',
      },
    )
  }
}
