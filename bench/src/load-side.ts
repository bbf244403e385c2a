import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Certificate } from './certificate.ts'
import type { Job, LoadReply, Measurement, OriginPorts } from './load/job.ts'
import { type Child, startChild, stopChild } from './processes.ts'

/** Longest time for a job beyond its own window: opening and closing connections. One that fills a store has limits of its own. */
const jobLimit = 120_000
const fillLimit = 600_000

/** The process with load generator and origin, seen from the benchmark. */
export interface LoadSide {
  ports: OriginPorts
  /** Performs one job; rejects with what went wrong. One at a time. */
  perform: (job: Job) => Promise<Measurement>
  stop: () => Promise<void>
}

/** Starts the load side, bound to a core where one is given. The certificate is that of its service over TLS. */
export async function startLoadSide(
  core: number | undefined,
  certificate: Certificate | undefined,
): Promise<LoadSide> {
  const program = fileURLToPath(new URL('./load/process.ts', import.meta.url))
  const args = [program, ...(certificate === undefined ? [] : [certificate.certFile, certificate.keyFile])]
  const child = await startChild({ command: process.execPath, args, core, messages: true })
  const ready = await reply(child, 20_000)
  if (ready.kind !== 'ready') throw new Error('the load side did not say that it is ready')
  return {
    ports: ready.ports,
    async perform(job) {
      child.process.send(job)
      const windowLimit = (job.window.warmupSeconds + job.window.seconds) * 1000
      const answer = await reply(child, windowLimit + (job.kind === 'fill' ? fillLimit : jobLimit))
      if (answer.kind === 'done') return answer.measurement
      throw new Error(answer.kind === 'failed' ? answer.message : 'the load side started anew')
    },
    stop: () => stopChild(child),
  }
}

async function reply(child: Child, limit: number): Promise<LoadReply> {
  const done = new AbortController()
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(limit)])
  try {
    return await Promise.race([
      once(child.process, 'message', { signal }).then(([message]) => message as LoadReply),
      once(child.process, 'exit', { signal }).then(() => {
        throw new Error(`the load side has ended: ${child.output()}`)
      }),
    ])
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') {
      throw new Error(`the load side did not answer within ${limit / 1000} s`, { cause: error })
    }
    throw error
  } finally {
    done.abort()
  }
}
