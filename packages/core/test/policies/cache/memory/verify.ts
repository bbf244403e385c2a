import assert from 'node:assert/strict'
import {
  BLOCKS_OF_A_PAGE,
  type CacheMemory,
  PAGE,
  SHARD,
} from '../../../../src/policies/cache/memory/cache-memory.ts'
import { LABEL_WORDS } from '../../../../src/policies/cache/memory/labels.ts'
import { KIND } from '../../../../src/policies/cache/memory/pages.ts'
import { RECORD_WORDS } from '../../../../src/policies/cache/memory/records.ts'
import { Shards } from '../../../../src/policies/cache/memory/shards.ts'

/**
 * Looks through all of a cache's memory, under its locks: whatever was done, and whoever was ended while doing it, each page,
 * block, record and link is where it is to be, and nothing is lost.
 * @param thread a number that nobody else has
 * @throws AssertionError with what does not fit
 */
export function verify(memory: CacheMemory, thread: number): void {
  const shards = new Shards(memory, thread)
  for (let shard = 0; shard < memory.shards; shard++) {
    assert.ok(shards.lock.acquire(shard), `the lock of shard ${shard} is not to be had`)
    try {
      shards.lock.change(shard, () => shards.blocks.sweep(shard))
      verifyShard(shards, shard)
    } finally {
      shards.lock.release(shard)
    }
  }
}

function verifyShard(shards: Shards, shard: number): void {
  const { views, pages } = shards
  const base = views.layout.shard(shard)
  const owned = new Set<number>()
  for (let page = 0; page < views.memory.pages; page++)
    if (pages.kindOf(page) !== 0 && pages.shardOf(page) === shard) owned.add(page)
  assert.equal(pages.countOf(shard), owned.size, 'pages of a shard')
  const records = verifyQueues(shards, shard, owned)
  assert.equal(views.at(base + SHARD.entries), records.length, 'entries of a shard')
  verifyLabels(shards, shard, records)
  verifyBlocks(shards, shard, records, owned)
  const quarantined = [...owned].filter((page) => pages.kindOf(page) === KIND.quarantine)
  assert.equal(views.at(base + SHARD.quarantined), quarantined.length > 0 ? 1 : 0, 'quarantine')
  for (const page of quarantined) owned.delete(page)
  assert.deepEqual([...owned], [], 'pages that are in no list')
}

/** @returns the records that are there */
function verifyQueues(shards: Shards, shard: number, owned: Set<number>): number[] {
  const { views, records, segments } = shards
  const there: number[] = []
  for (const queue of [SHARD.small, SHARD.main] as const) {
    let bytes = 0
    let before = 0
    for (const page of segments.pagesOf(shard, queue)) {
      const word = views.layout.page(page)
      assert.ok(owned.delete(page), `page ${page} is in a queue of another shard, or twice`)
      assert.equal(views.at(word + PAGE.prev), before, 'the page before')
      assert.equal(views.at(word + PAGE.queue), queue, 'the queue of a page')
      before = page + 1
      let dead = 0
      let used = 0
      for (const record of records.inPage(page)) {
        const size = records.size(record)
        assert.ok(size > 0 && size % 8 === 0, `a record of ${size} bytes`)
        used += size
        if (!records.isThere(record)) dead += size
        else {
          there.push(record)
          bytes += records.blockBytes(record)
        }
      }
      assert.equal(used, views.at(word + PAGE.used), 'records fill what is used')
      assert.equal(dead, views.at(word + PAGE.dead), 'bytes of records that are gone')
      assert.ok(dead < used, 'a page has something in it')
      bytes += used
    }
    assert.equal(views.at(views.layout.shard(shard) + queue + 1), before, 'the last page')
    assert.equal(views.at(views.layout.shard(shard) + queue + 2), bytes, 'bytes of a queue')
  }
  return there
}

function verifyLabels(shards: Shards, shard: number, records: readonly number[]): void {
  const { views } = shards
  const expected = new Set<number>()
  for (const record of records)
    for (let index = 0; index < shards.records.labelCount(record); index++)
      expected.add(record + RECORD_WORDS + index * LABEL_WORDS)
  for (const which of ['keys', 'labels'] as const) {
    const begin = views.layout.bucketsOf(shard, which)
    for (let bucket = begin; bucket < begin + views.memory.buckets; bucket++) {
      let prev = -(bucket + 1)
      for (let link = views.at(bucket); link !== 0; link = views.word(link)) {
        assert.ok(expected.delete(link - 1), 'a label of no record, or twice in a chain')
        assert.equal(views.word(link + 1), prev, 'the label before')
        prev = link
      }
    }
  }
  assert.equal(expected.size, 0, 'labels that are in no chain')
}

function verifyBlocks(shards: Shards, shard: number, records: readonly number[], owned: Set<number>): void {
  const { views, blocks, pages } = shards
  const base = views.layout.shard(shard)
  const used = new Set<number>()
  const chain = (first: number): number => {
    let count = 0
    for (let block: number | undefined = first; block !== undefined; block = blocks.next(block)) {
      assert.ok(!used.has(block), `block ${block} is in two contents`)
      assert.ok(blocks.isOf(shard, block), `block ${block} is of another shard`)
      used.add(block)
      count++
    }
    return count
  }
  for (const record of records) {
    const first = shards.records.block(record)
    if (first === undefined) continue
    assert.equal(chain(first) * blocks.size, shards.records.blockBytes(record), 'the blocks of a content')
  }
  for (let link = views.at(base + SHARD.lingering); link !== 0; ) {
    chain(link - 1)
    link = views.at(views.layout.block(link - 1) + 1) - 1
  }
  shards.threads.each((hold) => {
    if (hold < 0 && blocks.isOf(shard, -hold - 1)) chain(-hold - 1)
    return hold
  })
  const partial = new Set<number>()
  let before = 0
  for (
    let link = views.at(base + SHARD.partial);
    link !== 0;
    link = views.at(views.layout.page(link - 1) + PAGE.next)
  ) {
    assert.equal(views.at(views.layout.page(link - 1) + PAGE.prev), before, 'the page before')
    partial.add(link - 1)
    before = link
  }
  for (const page of owned) {
    if (pages.kindOf(page) !== KIND.blocks) continue
    let mask = 0
    for (let bit = 0; bit < BLOCKS_OF_A_PAGE; bit++)
      if (used.has(page * BLOCKS_OF_A_PAGE + bit)) mask |= 1 << bit
    assert.equal(views.at(views.layout.page(page) + PAGE.used), mask, 'the blocks in use')
    assert.ok(mask !== 0, 'a page of blocks has one in use')
    assert.equal(partial.delete(page), mask !== 2 ** BLOCKS_OF_A_PAGE - 1, 'pages with a block to give')
    owned.delete(page)
  }
  assert.equal(partial.size, 0, 'pages that are listed and not owned')
}
