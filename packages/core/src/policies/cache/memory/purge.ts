import { isSelected } from '../selected.ts'
import type { MaybePromise, Selection } from '../store.ts'
import { decodeHead } from '../head-codec.ts'
import { SHARD } from './cache-memory.ts'
import type { Label } from './labels.ts'
import type { RecentPurges } from './recent-purges.ts'
import type { Shards } from './shards.ts'

/** Responses that are gone through before the event loop has its turn. */
const TURN = 4096
/** Turns that are waited for a shard whose lock a living thread does not give up. */
const MOST_TURNS = 1000

/**
 * Removes what is meant from all shards, or marks it stale. Where that is little it is done at once, otherwise some shards at
 * a turn of the event loop.
 * @throws Error (or rejects) if a shard stays locked
 */
export function purgeShards(
  shards: Shards,
  recent: RecentPurges,
  selection: Selection,
  how: 'hard' | 'soft',
  now: number,
): MaybePromise<number> {
  const label = labelOf(shards, selection)
  recent.enter(how, label)
  const all = Array.from({ length: shards.views.memory.shards }, (_, shard) => shard)
  const purge: Purge = { shards, selection, label, how, now, left: all, count: 0 }
  if (selection.by === 'key' && label !== undefined) purge.left = [shards.labels.shardOf(label)]
  turn(purge)
  return purge.left.length === 0 ? purge.count : rest(purge)
}

interface Purge {
  readonly shards: Shards
  readonly selection: Selection
  readonly label: Label | undefined
  readonly how: 'hard' | 'soft'
  readonly now: number
  left: readonly number[]
  count: number
}

function labelOf({ labels }: Shards, selection: Selection): Label | undefined {
  switch (selection.by) {
    case 'all':
    case 'prefix':
      return undefined
    case 'key':
      return labels.of('key', selection.key.text)
    default:
      return labels.of(selection.by, selection.value)
  }
}

async function rest(purge: Purge): Promise<number> {
  for (let turns = 0; turns < MOST_TURNS && purge.left.length > 0; turns++) {
    const before = purge.left.length
    await new Promise(setImmediate)
    turn(purge)
    if (purge.left.length < before) turns = 0
  }
  if (purge.left.length === 0) return purge.count
  throw new Error(
    `the purge by ${purge.selection.by} reached all but ${purge.left.length} parts of the cache, which stay locked: repeat it`,
  )
}

function turn(purge: Purge): void {
  const busy: number[] = []
  let seen = 0
  for (const [index, shard] of purge.left.entries()) {
    if (seen >= TURN) {
      purge.left = [...busy, ...purge.left.slice(index)]
      return
    }
    if (isBare(purge, shard)) continue
    const done = purge.shards.lock.with(shard, () => {
      seen += purge.label === undefined ? entriesOf(purge.shards, shard) : 64
      const count = purgeShard(purge, shard)
      seen += count
      return count
    })
    if (done === undefined) busy.push(shard)
    else purge.count += done
  }
  purge.left = busy
}

/** Whether nothing in a shard has the label. Who takes the lock from now on sees the purge among the recent ones. */
function isBare({ shards, label }: Purge, shard: number): boolean {
  if (label === undefined) return false
  const { tables, layout } = shards.views
  if (Atomics.load(tables, layout.shard(shard) + SHARD.lock) !== 0) return false
  return Atomics.load(tables, shards.labels.bucket(shard, label)) === 0
}

function purgeShard(purge: Purge, shard: number): number {
  const { shards, how, now } = purge
  const meant = recordsOf(purge, shard)
  for (const record of meant)
    if (how === 'hard') shards.remove(shard, record)
    else shards.records.markStale(record, now)
  return meant.length
}

function recordsOf({ shards, selection, label }: Purge, shard: number): number[] {
  if (selection.by === 'key' && label !== undefined) return shards.find(shard, label, selection.key.text)
  if (label !== undefined) return shards.labelled(shard, label)
  const all = [...shards.all(shard)]
  if (selection.by !== 'prefix') return all
  return all.filter((record) => {
    const text = shards.records.headText(record)
    // Few heads hold the text of the prefix at all; of those, the URL is looked at.
    if (!text.includes(selection.value)) return false
    const head = decodeHead(text)
    return head !== undefined && isSelected(selection, { text: '' }, head)
  })
}

function entriesOf({ views }: Shards, shard: number): number {
  return views.at(views.layout.shard(shard) + SHARD.entries)
}
