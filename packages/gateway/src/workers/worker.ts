import { parentPort, workerData } from 'node:worker_threads'
import { MetricRegistry, systemClock as clock } from '@headgate/core'
import { loadCodeOf } from '../config/code.ts'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import { LogWriter, openLogDestination } from '../features/access-log/log-writer.ts'
import { makeAccessLog } from '../features/access-log/open-log.ts'
import { Gateway, type PreparedUpdate } from '../gateway.ts'
import { GatewayMetrics } from '../metrics/gateway-metrics.ts'
import { MetricSampler } from '../metrics/metric-sampler.ts'
import { questionNamed } from '../surveys/surveys.ts'
import { beat } from './heartbeat.ts'
import type { Prepare, WorkerOrder, WorkerQuestion, WorkerReport, WorkerStart } from './protocol.ts'
import { startFailure } from './start-failure.ts'
import type { AccessLogConfig } from '../features/access-log/layers.ts'

/** The entry of a worker thread: one gateway, from its birth to its end. */

const { config, metrics: shared, heartbeat, replacement, ...given } = workerData as WorkerStart

const metrics = new MetricRegistry(shared)
const { accessLogDropped: dropped, eventLoopDelay } = new GatewayMetrics(metrics)

function report(message: WorkerReport): void {
  parentPort?.postMessage(message)
}

async function serve(): Promise<void> {
  await loadCodeOf(config)
  const log = config.accessLog === false ? undefined : openLog(config.accessLog)
  const gateway = new Gateway(config, {
    ...given,
    metrics,
    onLog: (entry) => report({ type: 'log', entry }),
    onRefusal: (refusal) => report({ type: 'refusal', refusal }),
    ...(log && config.accessLog !== false && { accessLog: makeAccessLog(config.accessLog, log, clock) }),
  })
  const sampler = new MetricSampler(gateway, eventLoopDelay, clock)
  const answer = answering(gateway)
  // Kept for good: it is what keeps the thread alive until the supervisor ends it.
  parentPort?.on('message', (order: WorkerOrder) => {
    if (order.type === 'drain') void drain(gateway, sampler, log)
    else void answer(order.id, order.question)
  })
  const listeners = await gateway.listen()
  sampler.start()
  beat(heartbeat, clock)
  surviveUncaught()
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

/** How a worker answers the supervisor. */
function answering(gateway: Gateway): (id: number, question: WorkerQuestion) => Promise<void> {
  let prepared: PreparedUpdate | undefined
  const answer = async (question: WorkerQuestion): Promise<unknown> => {
    switch (question.type) {
      case 'prepare':
        prepared?.abort()
        prepared = undefined
        prepared = await prepare(gateway, question)
        return prepared.listeners.map(({ port }) => port)
      case 'commit':
        if (prepared === undefined) throw new Error('nothing is prepared')
        prepared.commit(question.upstreamStates)
        prepared = undefined
        return undefined
      case 'abort':
        prepared?.abort()
        prepared = undefined
        return undefined
      case 'use-endpoints':
        gateway.metrics.learn(question.series)
        gateway.useEndpoints(question.upstreamStates)
        return undefined
      case 'use-geo':
        return gateway.useGeo(question.geo)
      case 'use-tls-material':
        return gateway.useMaterial(question.material, question.gone)
      case 'use-challenges':
        gateway.tls.challenges = question.answers
        return undefined
      case 'use-ticket-keys':
        gateway.tls.ticketKeys = question.keys
        return undefined
      case 'survey':
        return questionNamed(question.name).answer({ gateway, clock }, question.asked)
    }
  }
  return async (id, question) => {
    try {
      report({ type: 'answer', id, value: await answer(question) })
    } catch (error) {
      report({ type: 'refused', id, failure: startFailure(error) })
    }
  }
}

async function prepare(gateway: Gateway, question: Prepare): Promise<PreparedUpdate> {
  gateway.metrics.learn(question.series)
  const routes = readRoutes(gateway, question.routes)
  await loadCodeOf({ routes })
  const config = { ...question.config, routes }
  return gateway.prepare({ ...question, config, identities: question.routes })
}

/** Those that are in force already are not read again. */
function readRoutes(gateway: Gateway, texts: readonly string[]): RouteConfig[] {
  const known = new Map<string, RouteConfig>()
  for (const { identity, config } of gateway.snapshot.routes.values()) known.set(identity, config)
  return texts.map((text) => known.get(text) ?? (JSON.parse(text) as RouteConfig))
}

/** How many different errors are told: a worker that lives long must not fill its memory with them. */
const MOST_TOLD = 100

/**
 * The last line of defence of a worker: what is thrown outside of all exchanges, as in a timer of somebody's own, must not cost
 * those of everybody else in this thread. Each error is told once. Called when the worker serves: before, an error ends it.
 */
function surviveUncaught(): void {
  const told = new Set<string>()
  process.on('uncaughtException', (thrown: unknown) => {
    const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : `a ${typeof thrown}`
    if (told.has(reason) || told.size >= MOST_TOLD) return
    told.add(reason)
    notice(`nobody caught an error, and it is not reported again; serving goes on: ${reason}`)
  })
}

// Last: what is written above is there by then.
await serve().catch((error: unknown) => report({ type: 'failed', failure: startFailure(error) }))
