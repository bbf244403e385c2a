import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '@headgate/core'

export interface PasswordQuestion {
  readonly id: number
  readonly password: string
  readonly hash: string
}

export interface PasswordAnswer {
  readonly id: number
  readonly isRight: boolean
}

const THREAD = new URL(`./password-thread${extname(import.meta.url)}`, import.meta.url)

/** Beyond so many that wait, others are refused: at 0.2 s each, the last one waits for ten seconds. */
const MOST_WAITING = 50
/** Milliseconds without a question, after which the thread ends: it takes some 10 MB. */
const IDLE = 60_000

/**
 * Compares passwords with their hashes in a thread of its own, one after the other: no request waits for the hash of another one.
 * The thread is started with the first question, and ends when there are none for a minute.
 */
export class PasswordThreads {
  private thread: Worker | undefined
  private readonly waiting = new Map<number, (isRight: boolean | undefined) => void>()
  private readonly idle: Timer
  private count = 0

  constructor(clock: Clock) {
    this.idle = clock.timer(() => this.stop())
  }

  /** @returns undefined where it cannot be told: too many wait, or the thread has failed */
  async verify(password: string, hash: string): Promise<boolean | undefined> {
    if (this.waiting.size >= MOST_WAITING) return undefined
    this.idle.disarm()
    const thread = (this.thread ??= this.start())
    const id = ++this.count
    const question: PasswordQuestion = { id, password, hash }
    return new Promise((resolve) => {
      this.waiting.set(id, resolve)
      thread.postMessage(question)
    })
  }

  stop(): void {
    this.idle.disarm()
    const { thread } = this
    this.thread = undefined
    void thread?.terminate()
    this.giveUp()
  }

  private start(): Worker {
    const thread = new Worker(THREAD, { name: 'passwords' })
    thread.on('message', ({ id, isRight }: PasswordAnswer) => this.answered(id, isRight))
    const ended = (): void => {
      if (this.thread !== thread) return
      this.thread = undefined
      this.giveUp()
    }
    thread.on('error', ended)
    thread.on('exit', ended)
    // Behind the listeners, which would have the process wait for it.
    thread.unref()
    return thread
  }

  private answered(id: number, isRight: boolean): void {
    this.waiting.get(id)?.(isRight)
    this.waiting.delete(id)
    if (this.waiting.size === 0) this.idle.arm(IDLE)
  }

  private giveUp(): void {
    const waiting = [...this.waiting.values()]
    this.waiting.clear()
    for (const resolve of waiting) resolve(undefined)
  }
}
