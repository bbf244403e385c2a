/**
 * What the threads that use one cache on disk know of it without asking the thread that has its index. Memory that they share,
 * sent to each as it is.
 */
export interface DiskShared {
  /** Where it is. */
  readonly root: string
  /** In the names of files that are written now. */
  readonly session: string
  readonly maxBytes: number
  /** Bytes of content that one entry may have. */
  readonly maxObject: number
  /** Counters, by `COUNTS`; from `threads` on, of each thread how many entries it is writing, and how many KiB of them are on disk. */
  readonly counts: SharedArrayBuffer
  /** Entries, bytes, admitted, evictions: written by the one thread that has the index. */
  readonly totals: SharedArrayBuffer
  /** How many entries there are of the keys with a hash that begins so: what has none is not looked for. */
  readonly presence: SharedArrayBuffer
}

export const COUNTS = {
  /** Purges since it was opened. */
  moment: 0,
  /** The last purge that was recorded. */
  purges: 1,
  refused: 2,
  errors: 3,
  /** The number in the name of the next file. */
  names: 4,
  /** Whether it is open. */
  open: 5,
  threads: 6,
} as const

export const TOTALS = { entries: 0, bytes: 1, admitted: 2, evictions: 3 } as const

/** Threads that may write at a time: the highest number is one less. */
const MOST_THREADS = 256

/** The same memory, to be looked at. */
export interface DiskViews {
  readonly shared: DiskShared
  readonly counts: Int32Array
  readonly totals: Float64Array
  readonly presence: Uint8Array
}

/** @param maxEntries entries at most */
export function createDiskShared(
  parts: Omit<DiskShared, 'counts' | 'totals' | 'presence'>,
  maxEntries: number,
): DiskShared {
  return {
    ...parts,
    counts: new SharedArrayBuffer(4 * (COUNTS.threads + 2 * MOST_THREADS)),
    totals: new SharedArrayBuffer(8 * 4),
    presence: new SharedArrayBuffer(2 ** Math.ceil(Math.log2(Math.max(1024, maxEntries * 4)))),
  }
}

export function viewsOf(shared: DiskShared): DiskViews {
  return {
    shared,
    counts: new Int32Array(shared.counts),
    totals: new Float64Array(shared.totals),
    presence: new Uint8Array(shared.presence),
  }
}

/** Where the presence of a key is counted. */
export function presenceOf({ presence }: DiskViews, hash: string): number {
  return Number.parseInt(hash.slice(0, 8), 16) & (presence.length - 1)
}

/** What one thread is writing. */
export function writingOf({ counts }: DiskViews, thread: number): Int32Array {
  return counts.subarray(COUNTS.threads + 2 * thread, COUNTS.threads + 2 * thread + 2)
}

/** What all threads are writing: entries, and KiB of them that are on disk. */
export function writing({ counts }: DiskViews): { readonly entries: number; readonly size: number } {
  let entries = 0
  let size = 0
  for (let at: number = COUNTS.threads; at < counts.length; at += 2) {
    entries += Atomics.load(counts, at)
    size += Atomics.load(counts, at + 1)
  }
  return { entries, size }
}

/** The part of the room, in bytes, that is kept free for what is being written. */
export function reserveOf({ maxBytes, maxObject }: DiskShared): number {
  return Math.min(Math.max(Math.floor(maxBytes / 8), maxObject), Math.floor(maxBytes / 2))
}
