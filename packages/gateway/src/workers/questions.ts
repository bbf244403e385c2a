import type { Clock } from '@headgate/core'
import type { WorkerOrder, WorkerQuestion } from './protocol.ts'
import { StartError } from './start-failure.ts'

/** The longest wait for an answer: a worker whose event loop is held up is replaced long before. Milliseconds. */
const LONGEST_WAIT = 30_000

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** What a worker was asked and has not answered. */
export class Questions {
  private readonly clock: Clock
  private readonly waiting = new Map<number, Waiting>()
  private last = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Rejects with a StartError if the worker refuses, ends, or does not answer in time. */
  ask(post: (order: WorkerOrder) => void, question: WorkerQuestion): Promise<unknown> {
    const id = ++this.last
    return new Promise((resolve, reject) => {
      const timer = this.clock.timer(() => {
        const name = question.type === 'survey' ? question.name : question.type
        const message = `the worker did not answer "${name}" within ${LONGEST_WAIT / 1000} s`
        this.take(id)?.reject(new StartError({ message }))
      })
      timer.arm(LONGEST_WAIT)
      this.waiting.set(id, {
        resolve(value) {
          timer.disarm()
          resolve(value)
        },
        reject(error) {
          timer.disarm()
          reject(error)
        },
      })
      post({ type: 'question', id, question })
    })
  }

  take(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id)
    this.waiting.delete(id)
    return waiting
  }

  /** The worker is gone. */
  abandon(): void {
    for (const id of this.waiting.keys()) this.take(id)?.reject(new WorkerGone())
  }
}

/** The worker ended before it answered. Its successor will have what it was given. */
export class WorkerGone extends StartError {
  constructor() {
    super({ message: 'the worker ended before it answered' })
  }
}
