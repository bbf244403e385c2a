import { parentPort, workerData } from 'node:worker_threads'
import { MetricRegistry, systemClock as clock } from '@headgate/core'
import { makeAccessLog } from '../features/access-log/open-log.ts'
import type { AccessLogConfig } from '../features/access-log/setting.ts'
import { Gateway } from '../gateway.ts'
import { LogWriter, openLogDestination } from '../features/access-log/log-writer.ts'
import { GatewayMetrics } from '../metrics/gateway-metrics.ts'
import { MetricSampler } from '../metrics/metric-sampler.ts'
import { beat } from './heartbeat.ts'
import type { WorkerOrder, WorkerReport, WorkerStart } from './protocol.ts'
import { startFailure } from './start-failure.ts'
import { surviveUncaught } from './uncaught.ts'
import { answering } from './worker-answers.ts'

/** The entry of a worker thread: one gateway, from its birth to its end. */

const { config, metrics: shared, heartbeat, replacement, ticketKeys, ...given } = workerData as WorkerStart

const metrics = new MetricRegistry(shared)
const { accessLogDropped: dropped, eventLoopDelay } = new GatewayMetrics(metrics)

function report(message: WorkerReport): void {
  parentPort?.postMessage(message)
}

async function serve(): Promise<void> {
  const log = config.accessLog === false ? undefined : openLog(config.accessLog)
  const gateway = new Gateway(config, {
    ...given,
    metrics,
    ticketKeys: Buffer.from(ticketKeys),
    ...(log && config.accessLog !== false && { accessLog: makeAccessLog(config.accessLog, log, clock) }),
  })
  const sampler = new MetricSampler(gateway, eventLoopDelay, clock)
  const answer = answering(gateway, report)
  // Kept for good: it is what keeps the thread alive until the supervisor ends it.
  parentPort?.on('message', (order: WorkerOrder) => {
    if (order.type === 'drain') void drain(gateway, sampler, log)
    else void answer(order.id, order.question)
  })
  const listeners = await gateway.listen()
  sampler.start()
  beat(heartbeat, clock)
  surviveUncaught(notice)
  report({ type: 'listening', ports: listeners.map(({ port }) => port) })
}

async function drain(gateway: Gateway, sampler: MetricSampler, log: LogWriter | undefined): Promise<void> {
  const { cut } = await gateway.close()
  sampler.stop()
  await log?.close()
  report({ type: 'drained', cut })
}

function openLog({ path }: AccessLogConfig): LogWriter | undefined {
  try {
    return new LogWriter(openLogDestination(path), { clock, dropped, report: notice, place: path })
  } catch (error) {
    // What was there when the gateway started may have been removed: a reason to say so, not to stop serving.
    if (!replacement) throw error
    notice(`this worker writes no access log: ${startFailure(error).message}`)
    return undefined
  }
}

function notice(message: string): void {
  report({ type: 'notice', message })
}

await serve().catch((error: unknown) => report({ type: 'failed', failure: startFailure(error) }))
