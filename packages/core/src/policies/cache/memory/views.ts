import { CacheLayout, type CacheMemory } from './cache-memory.ts'

/** One thread's views of the memory. What is not read by `Atomics` is read and written under the lock of its shard alone. */
export class Views {
  readonly memory: CacheMemory
  readonly layout: CacheLayout
  readonly tables: Int32Array
  readonly bytes: Buffer
  /** Of the page size, in words. */
  readonly pageWords: number
  private readonly data: Int32Array
  private readonly times: Float64Array

  constructor(memory: CacheMemory) {
    this.memory = memory
    this.layout = new CacheLayout(memory)
    this.tables = new Int32Array(memory.tables)
    this.data = new Int32Array(memory.data)
    this.times = new Float64Array(memory.data)
    this.bytes = Buffer.from(memory.data)
    this.pageWords = memory.pageSize / 4
  }

  /** A word of the tables. */
  at(index: number): number {
    return this.tables[index] as number // the layout names no index beyond
  }

  put(index: number, value: number): void {
    this.tables[index] = value
  }

  add(index: number, value: number): void {
    this.tables[index] = this.at(index) + value
  }

  /** A word of the data. */
  word(index: number): number {
    return this.data[index] as number // as above
  }

  setWord(index: number, value: number): void {
    this.data[index] = value
  }

  /** Two words of the data, from an even one. */
  time(index: number): number {
    return this.times[index >>> 1] as number // as above
  }

  setTime(index: number, value: number): void {
    this.times[index >>> 1] = value
  }
}
