import type { MessagePort } from 'node:worker_threads'
import type { MaybePromise, Selection } from '../store.ts'
import type { DiskKeeper, FoundRecord, NewRecord, PurgedRecord } from './disk-keeper.ts'
import type { DiskShared } from './disk-shared.ts'

/** What a thread asks the one that has the index. */
type Asked =
  | { readonly ask: 'find'; readonly hash: string }
  | { readonly ask: 'add'; readonly record: NewRecord; readonly instead: string | undefined }
  | { readonly ask: 'stands'; readonly record: PurgedRecord }
  | { readonly ask: 'drop'; readonly hash: string; readonly file: string }
  | {
      readonly ask: 'purge'
      readonly selection: Selection
      readonly how: 'hard' | 'soft'
      readonly now: number
    }

interface Question {
  readonly id: number
  /** Of the cache that is meant. */
  readonly session: string
  readonly asked: Asked
}

type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly refused: string }

/**
 * Answers the questions of another thread, for the caches on disk of this one.
 * @param keeperOf the cache of that session; undefined where it is closed
 */
export function answerDiskPort(
  port: MessagePort,
  keeperOf: (session: string) => DiskKeeper | undefined,
): void {
  const answer = async ({ id, session, asked }: Question): Promise<void> => {
    let answered: Answer
    try {
      answered = { id, value: await answerOf(keeperOf(session), asked) }
    } catch (error) {
      answered = { id, refused: error instanceof Error ? error.message : String(error) }
    }
    port.postMessage(answered)
  }
  port.on('message', (question: Question) => void answer(question))
  port.unref()
}

function answerOf(keeper: DiskKeeper | undefined, asked: Asked): MaybePromise<unknown> {
  if (keeper === undefined) return nothingOf(asked)
  switch (asked.ask) {
    case 'find':
      return keeper.find(asked.hash)
    case 'add':
      return keeper.add(asked.record, asked.instead)
    case 'stands':
      return keeper.stands(asked.record)
    case 'drop':
      return keeper.drop(asked.hash, asked.file)
    case 'purge':
      return keeper.purge(asked.selection, asked.how, asked.now)
  }
}

/** As of a cache that has nothing and takes nothing. */
function nothingOf({ ask }: Asked): unknown {
  if (ask === 'find') return []
  return ask === 'purge' ? 0 : false
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** The way to the thread that has the indexes, for all caches on disk of this one. */
export class DiskPort {
  private readonly port: MessagePort
  private readonly waiting = new Map<number, Waiting>()
  private last = 0

  constructor(port: MessagePort) {
    this.port = port
    port.on('message', (answer: Answer) => this.answered(answer))
    port.unref()
  }

  /** The cache on disk with that memory. */
  keeper(shared: DiskShared): DiskKeeper {
    const { session } = shared
    return {
      shared,
      find: (hash) => this.ask(session, { ask: 'find', hash }) as Promise<readonly FoundRecord[]>,
      add: (record, instead) => this.ask(session, { ask: 'add', record, instead }) as Promise<boolean>,
      stands: (record) => this.ask(session, { ask: 'stands', record }) as Promise<boolean>,
      drop: (hash, file) => this.ask(session, { ask: 'drop', hash, file }) as Promise<boolean>,
      purge: (selection, how, now) =>
        this.ask(session, { ask: 'purge', selection, how, now }) as Promise<number>,
      close: () => Promise.resolve(),
    }
  }

  /** The types of answers are those of `DiskKeeper`, which answers. */
  private ask(session: string, asked: Asked): Promise<unknown> {
    const id = ++this.last
    const question: Question = { id, session, asked }
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.port.postMessage(question)
    })
  }

  private answered(answer: Answer): void {
    const waiting = this.waiting.get(answer.id)
    this.waiting.delete(answer.id)
    if ('refused' in answer) waiting?.reject(new Error(answer.refused))
    else waiting?.resolve(answer.value)
  }
}
