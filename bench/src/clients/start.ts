import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Child, startChild, stopChild } from '../processes.ts'
import type { ClientMeasurement, ClientReply, ClientSetup, ClientTurn } from './job.ts'

/** Longest time beyond a turn's own. */
const patience = 30_000

/** A client's process, which waits for its turns. */
export interface RunningClient {
  /** Rejects with what went wrong. One at a time. */
  turn: (turn: ClientTurn) => Promise<ClientMeasurement>
  stop: () => Promise<void>
}

/** Starts a client, bound to a core where one is given. */
export async function startClient(setup: ClientSetup, core: number | undefined): Promise<RunningClient> {
  const program = fileURLToPath(new URL('./process.ts', import.meta.url))
  const args = [program, JSON.stringify(setup)]
  const child = await startChild({ command: process.execPath, args, core, messages: true })
  await reply(child, patience)
  return {
    async turn(turn) {
      const answer = reply(child, (turn.warmupSeconds + turn.seconds) * 1000 + patience)
      child.process.send(turn)
      const message = await answer
      if (message.kind !== 'done') throw new Error('the client started anew')
      return message
    },
    stop: () => stopChild(child),
  }
}

async function reply(child: Child, limit: number): Promise<ClientReply> {
  const done = new AbortController()
  const { signal } = done
  const timer = setTimeout(() => done.abort(new Error(`no answer within ${limit / 1000} s`)), limit)
  try {
    return await Promise.race([
      once(child.process, 'message', { signal }).then(([message]) => message as ClientReply),
      once(child.process, 'exit', { signal }).then(() => {
        throw new Error(`the client has ended: ${child.output()}`)
      }),
    ])
  } finally {
    clearTimeout(timer)
    done.abort()
  }
}
