import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { systemClock } from '@headgate/core'
import { LogWriter, openLogDestination } from '../../../src/features/access-log/log-writer.ts'

// A program: three threads write lines to its standard output, each through a writer of its own.

if (isMainThread) {
  for (const name of ['a', 'b', 'c']) new Worker(new URL(import.meta.url), { workerData: name })
} else {
  const report = (message: string): void => {
    throw new Error(message)
  }
  const writer = new LogWriter(openLogDestination('stdout'), {
    clock: systemClock,
    report,
    dropped: { add: (lines) => report(`${lines} lines were dropped`) },
  })
  for (let count = 0; count < 3_000; count++)
    writer.write(`${String(workerData).repeat(1 + (count % 200))}\n`)
  await writer.close()
}
