import { SHARD } from './cache-memory.ts'
import type { Label } from './labels.ts'
import type { Views } from './views.ts'

/** All of what was dropped last went unread. */
const ALL = 1 << 16
/** From so many of 32 on, what is new is not worth its copy. */
const MOST_UNREAD = (ALL / 32) * 31
/** Each record that leaves the small queue moves the share by a 64th of the difference. */
const STEP = 6
/** One key of sixteen is let in at once all the same: else nobody would see that the times have changed. */
const SAMPLE_SHIFT = 28

/**
 * Who is let into a full shard. As long as new records are read before they fall out of the small queue, all are. Where hardly one
 * of them is, as while a crawler goes through a site, a key is let in when it is looked up for the second time, and what is asked for
 * once costs no copy and drives nothing out. Which keys were looked up is in the table of ghosts, where S3-FIFO remembers what
 * fell out of the small queue: a word is a key's hash, whose lowest bit says that it was looked up only once. Nothing here needs the
 * lock: what two threads write at once makes one more copy, or one less.
 */
export class Doorkeeper {
  private readonly views: Views

  constructor(views: Views) {
    this.views = views
  }

  /** A key was looked up. @param isThere what has a record may get another: a newer one, or one of another variant */
  sighted(shard: number, { low }: Label, isThere: boolean): void {
    if (!this.isStrict(shard)) return
    const { tables } = this.views
    const ghost = this.ghost(shard, low)
    const name = nameOf(low)
    const word = isThere ? name : Atomics.load(tables, ghost)
    if (nameOf(word) !== name) Atomics.store(tables, ghost, name | 1)
    else Atomics.store(tables, ghost, name)
  }

  admits(shard: number, { low }: Label): boolean {
    return (
      !this.isStrict(shard) ||
      low >>> SAMPLE_SHIFT === 0 ||
      Atomics.load(this.views.tables, this.ghost(shard, low)) === nameOf(low)
    )
  }

  /** A record falls out of the small queue. */
  dropped(shard: number, hash: number, reads: number): void {
    this.count(shard, reads > 0 ? 0 : ALL)
    Atomics.store(this.views.tables, this.ghost(shard, hash), nameOf(hash))
  }

  /** A record goes from the small queue into the main one. */
  promoted(shard: number): void {
    this.count(shard, 0)
  }

  /** Whether a key fell out of the small queue, or was not let in, not long ago. */
  takeGhost(shard: number, hash: number): boolean {
    const ghost = this.ghost(shard, hash)
    if (Atomics.load(this.views.tables, ghost) !== nameOf(hash)) return false
    Atomics.store(this.views.tables, ghost, 0)
    return true
  }

  private count(shard: number, unread: number): void {
    const at = this.views.layout.shard(shard) + SHARD.unread
    const share = this.views.at(at)
    this.views.put(at, share + ((unread - share) >> STEP))
  }

  private isStrict(shard: number): boolean {
    const { tables, layout } = this.views
    return Atomics.load(tables, layout.shard(shard) + SHARD.unread) > MOST_UNREAD
  }

  private ghost(shard: number, hash: number): number {
    const { layout, memory } = this.views
    return layout.bucketsOf(shard, 'ghosts') + (hash & (memory.buckets - 1))
  }
}

function nameOf(hash: number): number {
  return hash & ~1
}
