import { systemClock } from '../../../../src/time/clock.ts'
import { OwnDiskStore } from '../../../../src/policies/cache/disk/own-disk-store.ts'
import { storedHead } from '../stored-head.ts'
import { contentOf, KEYS, sizeOf } from './told-content.ts'

/** Stores, replaces, updates and purges until it is killed. */
const [path = '', round = ''] = process.argv.slice(2)
const store = new OwnDiskStore({ path, maxBytes: 4 * 1024 * 1024, clock: systemClock })

async function storeOne(index: number, number: number): Promise<void> {
  const key = { text: `k${index % KEYS}` }
  const etag = `${key.text} ${round} ${number}`
  const size = sizeOf(index)
  const head = storedHead({ receivedAt: number, fields: ['etag', etag], tags: [`t${index % 3}`] })
  const writer = store.begin(key, head, size, store.moment())
  const content = contentOf(etag, size)
  for (let at = 0; at < size; at += 50_000) writer?.write(content.subarray(at, at + 50_000))
  await writer?.commit()
  for (const entry of await store.find(key)) {
    if (number % 4 === 0)
      await store.update(key, entry, { ...entry.head, receivedAt: number + 1, lifetime: number })
    entry.release()
  }
}

let number = 0
async function run(lane: number): Promise<void> {
  for (let index = lane; ; index += 5) {
    await storeOne(index, number++)
    if (index === 40) process.stdout.write('writing\n')
    if (number % 97 === 0) {
      // What is told here must hold in the next life.
      await store.purge({ by: 'tag', value: 't1' }, number % 2 === 0 ? 'hard' : 'soft', number)
    }
  }
}
await Promise.all([0, 1, 2, 3].map(run))
