import { own } from '../../../message/own-options.ts'

/** Options of `createCacheMemory`. */
export interface CacheMemoryOptions {
  /** Bytes for what is stored: heads, keys and content. The tables that find it take 1 to 2 % more, and 4 KiB for each thread. */
  readonly bytes: number
  /** Stored responses in all. Default: one for each KiB. */
  readonly entries?: number | undefined
  /** Bytes of content that one may have. Default: an eighth of `bytes`. */
  readonly largest?: number | undefined
  /** Threads that may use it at a time. Default 64. */
  readonly threads?: number | undefined
  /** 8 random bytes that nobody outside can know: they seed the hash. */
  readonly seed: Uint8Array
}

/** Memory that threads share: a plain object, which each of them is sent. Its numbers say where things are. */
export interface CacheMemory {
  readonly data: SharedArrayBuffer
  readonly tables: SharedArrayBuffer
  readonly pageSize: number
  readonly pages: number
  readonly shards: number
  /** Of each of the two indexes of a shard, and of its ghosts. A power of two. */
  readonly buckets: number
  readonly threads: number
  readonly maxEntries: number
  readonly maxObject: number
  /** Of those who ask the origin, at a time or a moment ago. */
  readonly claims: number
}

const SMALLEST_CACHE = 256 * 1024
const LARGEST_CACHE = 8 * 1024 ** 3
/** The word of a lock has 8 bits for the number of a thread. */
const MOST_THREADS = 254
const LEAST_PAGE = 16 * 1024
const LARGEST_PAGE = 256 * 1024
/** As many as keep each shard's queues long enough to tell old from new. */
const PAGES_OF_A_SHARD = 64
const MOST_SHARDS = 256

/** As many as there are, but in a very small cache and in a very large one. */
const CLAIMS = 4096
const LEAST_CLAIMS_OF_A_SHARD = 64
const MOST_CLAIMS_OF_A_SHARD = 256
/** A name may have one of so many. */
export const CLAIMS_OF_A_GROUP = 8

/** A page of large contents is given out in this many blocks. */
export const BLOCKS_OF_A_PAGE = 16

/**
 * Makes the memory of a cache, once for all threads; pages that are not used yet cost address space only.
 * @throws TypeError if an option is out of range
 */
export function createCacheMemory(given: CacheMemoryOptions): CacheMemory {
  const { bytes, entries, largest, threads = 64, seed } = own(given)
  const size = whole('bytes', bytes, SMALLEST_CACHE, LARGEST_CACHE)
  const maxEntries = whole('entries', entries ?? Math.ceil(size / 1024), 1, 2 ** 26)
  const pageSize = Math.min(LARGEST_PAGE, Math.max(LEAST_PAGE, powerBelow(size / 1024)))
  const pages = Math.floor(size / pageSize)
  const shards = Math.min(MOST_SHARDS, powerBelow(Math.max(1, pages / PAGES_OF_A_SHARD)))
  const shape = {
    pageSize,
    pages,
    shards,
    buckets: powerBelow(maxEntries / shards) || 1,
    threads: whole('threads', threads, 1, MOST_THREADS),
    maxEntries,
    maxObject: Math.min(whole('largest', largest ?? Math.ceil(size / 8), 1, size), 2 ** 30),
    claims: shards * Math.min(MOST_CLAIMS_OF_A_SHARD, Math.max(LEAST_CLAIMS_OF_A_SHARD, CLAIMS / shards)),
  }
  if (seed.byteLength < 8)
    throw new TypeError(`seed of a cache has ${seed.byteLength} bytes: use 8 random ones`)
  const data = new SharedArrayBuffer(pages * pageSize)
  const tables = new SharedArrayBuffer(new CacheLayout(shape).words * 4)
  new Uint8Array(tables).set(seed.subarray(0, 8))
  return { data, tables, ...shape }
}

/** Words at the start of the tables. */
export const HEADER = { seed: 0, purges: 2, pageHint: 3, refused: 4, resets: 5 } as const
const HEADER_WORDS = 64

/** Words of a thread: its generation, how many of its holds were ever in use, and these. */
export const THREAD_WORDS = 1024
export const PURGES = 256
/** Sequence, what it is for, and the two halves of a hash. */
const PURGE_WORDS = 4

/**
 * Words of a page: whose it is, its neighbours in a list (number + 1), how much of it is used (bytes, or the mask of its
 * blocks), which queue it is in, bytes of records that are gone.
 */
export const PAGE = { owner: 0, next: 1, prev: 2, used: 3, queue: 4, dead: 5 } as const
const PAGE_WORDS = 6

/** Words of a block: the next one of its content (number + 1), and the next content that is gone but still read (number + 2; 1 at the end). */
const BLOCK_WORDS = 2

/** Words of a claim: which change of it this is, who has it, the hash of its name, how it stands, and since when. */
export const CLAIM = {
  version: 0,
  owner: 1,
  low: 2,
  high: 3,
  state: 4,
  since: 5,
  purges: 6,
  words: 7,
} as const

/** Words of a shard. Those of the two queues follow each other: first page, last page, bytes. */
export const SHARD = {
  lock: 0,
  waiting: 1,
  dirty: 2,
  epoch: 3,
  nextId: 4,
  entries: 5,
  small: 6,
  main: 9,
  pages: 12,
  partial: 13,
  lingering: 14,
  evictions: 15,
  admitted: 16,
  quarantined: 17,
  unread: 18,
} as const
const SHARD_WORDS = 32

/** Where the tables are, in words. */
export class CacheLayout {
  readonly words: number
  private readonly threadsAt = HEADER_WORDS
  private readonly purgesAt: number
  private readonly pagesAt: number
  private readonly blocksAt: number
  private readonly shardsAt: number
  private readonly claimsAt: number
  private readonly claimsOfShard: number
  private readonly bucketsAt: number
  private readonly buckets: number

  constructor(shape: Pick<CacheMemory, 'threads' | 'pages' | 'shards' | 'buckets' | 'claims'>) {
    const { threads, pages, shards, buckets, claims } = shape
    this.buckets = buckets
    this.purgesAt = this.threadsAt + threads * THREAD_WORDS
    this.pagesAt = this.purgesAt + PURGES * PURGE_WORDS
    this.blocksAt = this.pagesAt + pages * PAGE_WORDS
    this.shardsAt = this.blocksAt + pages * BLOCKS_OF_A_PAGE * BLOCK_WORDS
    this.claimsAt = this.shardsAt + shards * SHARD_WORDS
    this.claimsOfShard = claims / shards
    this.bucketsAt = this.claimsAt + claims * CLAIM.words
    this.words = this.bucketsAt + shards * buckets * 3
  }

  thread(number: number): number {
    return this.threadsAt + number * THREAD_WORDS
  }

  purge(sequence: number): number {
    return this.purgesAt + (sequence & (PURGES - 1)) * PURGE_WORDS
  }

  page(number: number): number {
    return this.pagesAt + number * PAGE_WORDS
  }

  block(number: number): number {
    return this.blocksAt + number * BLOCK_WORDS
  }

  shard(number: number): number {
    return this.shardsAt + number * SHARD_WORDS
  }

  /** The first claim of a shard. */
  claims(shard: number): number {
    return this.claimsAt + shard * this.claimsOfShard * CLAIM.words
  }

  /** The buckets of keys, those of labels, and the ghosts. */
  bucketsOf(shard: number, which: 'keys' | 'labels' | 'ghosts'): number {
    const index = which === 'keys' ? 0 : which === 'labels' ? 1 : 2
    return this.bucketsAt + (shard * 3 + index) * this.buckets
  }
}

/** The largest power of two that is not above; 0 below 1. */
function powerBelow(value: number): number {
  return value < 1 ? 0 : 2 ** Math.floor(Math.log2(value))
}

function whole(name: keyof CacheMemoryOptions, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new TypeError(`${name} of a cache is ${value}: use a whole number from ${least} to ${most}`)
}
