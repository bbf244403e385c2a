import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { DiskPort } from '../../../../src/policies/cache/disk/disk-port.ts'
import type { DiskShared } from '../../../../src/policies/cache/disk/disk-shared.ts'
import { DiskStore } from '../../../../src/policies/cache/disk/disk-store.ts'
import { systemClock } from '../../../../src/time/clock.ts'
import { storedHead } from '../stored-head.ts'
import { contentOf, sizeOf } from './told-content.ts'

/** Stores what it is told to, and tells when it is done. */
const { port, shared, thread } = workerData as { port: MessagePort; shared: DiskShared; thread: number }
const store = new DiskStore(new DiskPort(port).keeper(shared), thread, { clock: systemClock })

async function keep(index: number): Promise<boolean> {
  const key = { text: `k${index}` }
  const etag = `${key.text} thread ${thread}`
  const size = sizeOf(index)
  const head = storedHead({ fields: ['etag', etag], tags: [`t${thread}`] })
  const writer = store.begin(key, head, size, store.moment())
  writer?.write(contentOf(etag, size))
  return (await writer?.commit()) === true
}

async function answer(asked: 'store' | 'purge' | 'hang'): Promise<unknown> {
  if (asked === 'store') return Promise.all(Array.from({ length: 20 }, (_, index) => keep(index)))
  if (asked === 'purge') return store.purge({ by: 'all' }, 'hard', 0)
  // To be ended in the middle of it.
  const writer = store.begin({ text: 'unfinished' }, storedHead(), undefined, store.moment())
  return writer?.write(Buffer.alloc(200_000))
}

async function tell(asked: 'store' | 'purge' | 'hang'): Promise<void> {
  parentPort?.postMessage(await answer(asked))
}

parentPort?.on('message', (asked: 'store' | 'purge' | 'hang') => void tell(asked))
