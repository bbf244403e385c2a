import type { LogEntry } from '../features/handlers/handler-context.ts'
import type { Refusal } from '../features/refusals.ts'
import { extname } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { answerDiskPort, type Clock, type Timer } from '@headgate/core'
import { openDiskOf } from '../features/cache/disk.ts'
import type { About, AskOne, Question } from '../surveys/survey.ts'
import { heartbeatMemory, HeartbeatWatch } from './heartbeat.ts'
import type { Ports, WorkerOrder, WorkerQuestion, WorkerReport, WorkerStart } from './protocol.ts'
import { Questions } from './questions.ts'
import { StartError, startFailure } from './start-failure.ts'

/** A worker that lived this long did not crash for what makes it crash at its start. Milliseconds. */
const STABLE_AFTER = 10_000
const FIRST_WAIT = 100
const LONGEST_WAIT = 5_000

/**
 * How long to wait before a crashed worker is replaced: not at all, unless it crashes soon after its start again
 * and again; then ever longer, or the machine would do nothing but start workers.
 */
export class RestartBackoff {
  private readonly clock: Clock
  private startedAt: number
  private early = 0

  constructor(clock: Clock) {
    this.clock = clock
    this.startedAt = clock.now()
  }

  started(): void {
    this.startedAt = this.clock.now()
  }

  /** Counts a crash, and answers the wait in milliseconds. */
  crashed(): number {
    if (this.clock.now() - this.startedAt >= STABLE_AFTER) this.early = 0
    const wait = this.early === 0 ? 0 : Math.min(FIRST_WAIT * 2 ** (this.early - 1), LONGEST_WAIT)
    this.early++
    return wait
  }
}

/**
 * - `starting`: the thread runs, its listeners are not bound yet
 * - `listening`: it serves
 * - `waiting`: it crashed, again and again, and is replaced after a wait
 * - `draining`: it finishes what is in flight
 * - `ended`: there is no thread, and there will be none
 */
export type WorkerState = 'starting' | 'listening' | 'waiting' | 'draining' | 'ended'

/** What a slot asks of, and tells, the supervisor. */
export interface SlotOwner {
  /** What the next thread of this slot is started with. */
  birth(slot: WorkerSlot): Omit<WorkerStart, 'heartbeat' | 'diskPort'>
  /** A thread of this slot, not its first, listens. */
  replaced(slot: WorkerSlot): void
  noticed(slot: WorkerSlot, message: string): void
  refused(refusal: Refusal): void
  /** A handler writes into the log. */
  logged(entry: LogEntry): void
  /** A thread that was needed has ended. Another is started after `wait` milliseconds. */
  crashed(slot: WorkerSlot, error: Error, wait: number): void
}

/** From the same folder and with the same extension: *.js in dist and in the bundle, *.ts in src, where Node strips types. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url)

/** The place of one worker: a thread, its successor when it crashes, and so on. */
export class WorkerSlot {
  readonly index: number
  state: WorkerState = 'ended'
  /** Threads so far: tells one from its successor. */
  births = 0
  private readonly owner: SlotOwner
  private readonly clock: Clock
  private readonly heartbeat: SharedArrayBuffer = heartbeatMemory()
  /** Milliseconds that its event loop may be held up. */
  private readonly stallLimit: number
  private watch: HeartbeatWatch | undefined
  private readonly backoff: RestartBackoff
  private readonly restart: Timer
  private thread: Worker | undefined
  private readonly questions: Questions
  /** Connections cut off at the end; a thread that does not listen has none. */
  private cut: number | undefined = 0
  private starting: { resolve(ports: Ports): void; reject(error: Error): void } | undefined
  private ending: (() => void) | undefined
  private lastError: Error | undefined

  constructor(index: number, owner: SlotOwner, clock: Clock, stallLimit: number) {
    this.index = index
    this.owner = owner
    this.clock = clock
    this.stallLimit = stallLimit
    this.backoff = new RestartBackoff(clock)
    this.questions = new Questions(clock)
    this.restart = clock.timer(() => this.spawn())
  }

  /** Starts the first thread; resolves with its ports when it listens. Rejects with a StartError if it cannot. */
  start(): Promise<Ports> {
    return new Promise((resolve, reject) => {
      this.starting = { resolve, reject }
      if (this.ending === undefined) this.spawn()
      else this.ended()
    })
  }

  /** Rejects with a StartError if the thread refuses, or with WorkerGone if it ends before it answers. */
  ask(question: WorkerQuestion): Promise<unknown> {
    return this.questions.ask((order) => this.tell(order), question)
  }

  /** Asks it a question of a survey. Rejects as `ask` does. */
  readonly survey: AskOne = async <Asked, Answer>(
    { name }: Question<Asked, Answer>,
    ...[asked]: About<Asked>
  ) =>
    // The worker finds the same question by its name, and answers with what that answers.
    (await this.ask({ type: 'survey', name, asked })) as Answer

  /**
   * Has the thread finish what it is at. Resolves when the thread is gone, with the number of connections that it cut
   * off; undefined if it ended before it could say.
   */
  drain(): Promise<number | undefined> {
    return new Promise((resolve) => {
      this.restart.disarm()
      this.ending = () => resolve(this.cut)
      if (this.state === 'listening') {
        this.cut = undefined
        this.state = 'draining'
        this.tell({ type: 'drain' })
      } else this.terminate()
    })
  }

  /** Ends the thread now. Without a call of `drain` before, that is a crash. */
  terminate(): void {
    if (this.thread !== undefined) void this.thread.terminate()
    else this.ended()
  }

  private spawn(): void {
    this.state = 'starting'
    this.births++
    this.lastError = undefined
    this.backoff.started()
    const { port1, port2 } = new MessageChannel()
    answerDiskPort(port1, openDiskOf)
    const start: WorkerStart = { ...this.owner.birth(this), heartbeat: this.heartbeat, diskPort: port2 }
    const thread = new Worker(WORKER, {
      name: `headgate worker ${this.index}`,
      workerData: start,
      transferList: [port2],
    })
    this.thread = thread
    thread.on('message', (report: WorkerReport) => this.received(report))
    thread.on('error', (error) => {
      this.lastError = error instanceof Error ? error : new Error(String(error))
    })
    thread.on('exit', (code) => this.exited(code))
  }

  private tell(order: WorkerOrder): void {
    if (this.thread === undefined) this.questions.abandon()
    else this.thread.postMessage(order)
  }

  private received(report: WorkerReport): void {
    switch (report.type) {
      case 'listening':
        this.listening(report.ports)
        break
      case 'failed':
        this.lastError = new StartError(report.failure)
        this.terminate()
        break
      case 'notice':
        this.owner.noticed(this, report.message)
        break
      case 'refusal':
        this.owner.refused(report.refusal)
        break
      case 'log':
        this.owner.logged(report.entry)
        break
      case 'answer':
        this.questions.take(report.id)?.resolve(report.value)
        break
      case 'refused':
        this.questions.take(report.id)?.reject(new StartError(report.failure))
        break
      case 'drained':
        this.cut = report.cut
        this.terminate()
        break
    }
  }

  private listening(ports: Ports): void {
    // Asked to end meanwhile.
    if (this.ending !== undefined) return
    this.state = 'listening'
    this.watch = new HeartbeatWatch(this.heartbeat, this.clock, this.stallLimit, () => this.stalled())
    if (this.starting === undefined) this.owner.replaced(this)
    else this.starting.resolve(ports)
    this.starting = undefined
  }

  /** Its connections are as lost as those of a crashed one. */
  private stalled(): void {
    // How long it may take to drain has a limit of its own.
    if (this.state !== 'listening') return
    this.lastError = new Error(`its event loop was held up for ${this.stallLimit / 1000} s`)
    delete this.lastError.stack // of the supervisor: nothing to learn from it
    this.terminate()
  }

  private exited(code: number): void {
    this.thread = undefined
    this.watch?.stop()
    this.questions.abandon()
    const error = this.lastError ?? new Error(`the thread ended with exit code ${code}`)
    if (this.ending !== undefined) return this.ended()
    if (this.starting !== undefined) {
      this.state = 'ended'
      this.starting.reject(error instanceof StartError ? error : new StartError(startFailure(error)))
      return
    }
    const wait = this.backoff.crashed()
    this.state = 'waiting'
    this.owner.crashed(this, error, wait)
    if (wait === 0) this.spawn()
    else this.restart.arm(wait)
  }

  private ended(): void {
    this.state = 'ended'
    this.starting?.reject(new StartError({ message: 'it was stopped while it started' }))
    this.starting = undefined
    this.ending?.()
  }
}
