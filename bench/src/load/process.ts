// The load side of the benchmark: the load generator and the origin in one event loop, which needs fewer switches
// between processes than two (measured: 70 k against 66 k requests/s on one core). Started by load-side.ts.
import { type Origin, startOrigin } from '../origin/origin.ts'
import { startEchoOrigin } from '../origin/echo-origin.ts'
import { startH2Origins } from '../origin/h2-origins.ts'
import { cold } from './cold.ts'
import { connectionPerRequest } from './connection-per-request.ts'
import { fill } from './fill.ts'
import { fixedRate } from './fixed-rate.ts'
import { http2 } from './http2.ts'
import { idle } from './idle.ts'
import type { Job, LoadReply, Measurement } from './job.ts'
import { messages } from './messages.ts'
import { saturation } from './saturation.ts'
import { Tally } from './tally.ts'
import { measureWindow } from './window.ts'

function perform(job: Job, origin: Origin): Promise<Measurement> {
  switch (job.kind) {
    case 'saturation':
      return saturation(job, origin)
    case 'connection-per-request':
      return connectionPerRequest(job, origin)
    case 'fixed-rate':
      return fixedRate(job, origin)
    case 'idle':
      return idle(job, origin)
    case 'http2':
      return http2(job, origin)
    case 'messages':
      return messages(job, origin)
    case 'cold':
      return cold(job, origin)
    case 'fill':
      return fill(job, origin)
    case 'watch':
      return measureWindow(job.window, new Tally(), origin)
  }
}

function reply(message: LoadReply): void {
  process.send?.(message)
}

// Without the benchmark there is nothing to do.
process.on('disconnect', () => process.exit(1))

const [certFile, keyFile] = process.argv.slice(2)
const origin = await startOrigin()
process.on('message', (job: Job) => {
  perform(job, origin).then(
    (measurement) => reply({ kind: 'done', measurement }),
    (error: unknown) =>
      reply({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  )
})
const h2 = await startH2Origins(
  certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined,
)
const echo = await startEchoOrigin()
reply({
  kind: 'ready',
  ports: { http: origin.port, h2c: h2?.h2c, h2: h2?.h2, grpc: h2?.grpc, echo: echo.port },
})
