import { type Clock, DiskOwner, type DiskPort, type DiskShared, DiskStore } from '@headgate/core'
import type { Kept } from '../../kept.ts'
import type { Shared, SharedKind } from '../../shared.ts'
import type { CacheDiskConfig } from './setting.ts'

const DISK: SharedKind<DiskShared> = { name: 'cache on disk' }

/** Why the folders of some could not be used when their configuration came into force. */
const UNUSABLE = new WeakMap<DiskOwner, string>()

/** Those that are open in this thread, for others that ask it. */
const OPEN = new Map<string, DiskOwner>()

/** What is kept on disk, as this thread uses it. */
export interface GatewayDisk {
  readonly config: CacheDiskConfig
  readonly shared: DiskShared
  readonly store: DiskStore
  /** In the thread that has the index; undefined in others. */
  readonly owner: DiskOwner | undefined
}

/** What there is when it is made. */
export interface DiskSurroundings {
  readonly shared: Shared
  readonly kept: Kept
  readonly clock: Clock
  /** The way to the thread that has the index; undefined in that one. */
  readonly port: DiskPort | undefined
}

/** Made, and not opened yet: a configuration that does not come into force takes no folder. */
export function makeDisk(
  config: CacheDiskConfig,
  { shared, kept, clock, port }: DiskSurroundings,
  thread: number,
): GatewayDisk | undefined {
  const identity = JSON.stringify(config)
  const owner = port === undefined ? ownerOf(config, kept, clock) : undefined
  const memory = owner === undefined ? shared.find(DISK, identity) : shared.set(DISK, identity, owner.shared)
  const keeper = owner ?? (memory && port?.keeper(memory))
  if (memory === undefined || keeper === undefined) return undefined
  const store = kept.keep(
    'store of the cache on disk',
    memory.session,
    () => new DiskStore(keeper, thread, { clock }),
    (made) => void made.close(),
  )
  return { config, shared: memory, store, owner }
}

function ownerOf({ path, size }: CacheDiskConfig, kept: Kept, clock: Clock): DiskOwner {
  return kept.keep(
    'cache on disk',
    { path, size },
    () => new DiskOwner({ path, maxBytes: size, clock }),
    (owner) => void closeOwner(owner),
  )
}

/** The cache on disk of that session, for questions of other threads. */
export function openDiskOf(session: string): DiskOwner | undefined {
  return OPEN.get(session)
}

/**
 * To be called when the configuration is in force, and what was before is closed.
 * @throws DiskCacheError if its folder cannot be used
 */
export function takeFolder(disk: GatewayDisk | undefined): void {
  if (disk?.owner === undefined) return
  const { owner } = disk
  try {
    owner.open()
    UNUSABLE.delete(owner)
  } catch (error) {
    UNUSABLE.set(owner, error instanceof Error ? error.message : String(error))
    throw error
  }
  OPEN.set(disk.shared.session, disk.owner)
}

/** Why nothing is kept on disk; undefined where it is. Known to the thread that has the index. */
export function diskProblem(disk: Pick<GatewayDisk, 'owner'> | undefined): string | undefined {
  return disk?.owner && UNUSABLE.get(disk.owner)
}

/** Gives the folder back. */
export async function leaveFolder(disk: GatewayDisk | undefined): Promise<void> {
  if (disk?.owner !== undefined) await closeOwner(disk.owner)
}

function closeOwner(owner: DiskOwner): Promise<void> {
  OPEN.delete(owner.shared.session)
  return owner.close()
}
