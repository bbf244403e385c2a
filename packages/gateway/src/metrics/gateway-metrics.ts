import type {
  Clock,
  Counter,
  ErrorCode,
  Gauge,
  Histogram,
  MetricRegistry,
  TrafficError,
} from '@headgate/core'
import { metric } from './metric.ts'
import { errorCounters } from './route-metrics.ts'

const CONNECTIONS_ACTIVE = metric({
  kind: 'gauge',
  name: 'headgate_downstream_connections_active',
  help: 'Open connections of clients.',
})
const CONNECTIONS = metric({
  kind: 'counter',
  name: 'headgate_downstream_connections_total',
  help: 'Connections accepted from clients.',
})
const WORKERS = metric({ kind: 'gauge', name: 'headgate_workers', help: 'Worker threads that serve.' })
const CRASHES = metric({
  kind: 'counter',
  name: 'headgate_worker_crashes_total',
  help: 'Worker threads that ended unexpectedly.',
})
const RELOAD_SUCCESSFUL = metric({
  kind: 'gauge',
  name: 'headgate_config_last_reload_successful',
  help: 'Whether the configuration file was accepted when it was read last (1), or refused with the one before left in force (0).',
})
const RELOAD_TIME = metric({
  kind: 'gauge',
  name: 'headgate_config_last_reload_timestamp_seconds',
  help: 'When the configuration file was read last, in seconds since 1970-01-01 UTC.',
})
const RELOADS = metric({
  kind: 'counter',
  name: 'headgate_config_reloads_total',
  labels: ['result'],
  help: 'Readings of the configuration file, the one of the start included: applied, or refused.',
})
const LOG_DROPPED = metric({
  kind: 'counter',
  name: 'headgate_access_log_dropped_total',
  help: 'Lines of the access log that were lost because they could not be written in time.',
})
const EVENT_LOOP_DELAY = metric({
  kind: 'histogram',
  name: 'headgate_event_loop_delay_seconds',
  help: 'How late the event loop of a worker was at worst, in each second.',
  bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
})

// Of the process, under the names that Prometheus gives them for every program.

const START_TIME = metric({
  kind: 'gauge',
  name: 'process_start_time_seconds',
  help: 'When the process started, in seconds since 1970-01-01 UTC.',
})
const RESIDENT_MEMORY = metric({
  kind: 'gauge',
  name: 'process_resident_memory_bytes',
  help: 'Resident memory of the process.',
})
const CPU = metric({
  kind: 'counter',
  name: 'process_cpu_seconds_total',
  help: 'CPU time of the process, in user space and kernel.',
})

/** What is counted of the gateway itself, whatever its configuration. */
export class GatewayMetrics {
  /** Worker threads that serve: for the supervisor. */
  readonly workers: Gauge
  /** For the supervisor. */
  readonly workerCrashes: Counter
  readonly accessLogDropped: Counter
  readonly eventLoopDelay: Histogram
  private readonly registry: MetricRegistry
  private readonly errors: Readonly<Record<ErrorCode, Counter>>
  private readonly connections: { readonly active: Gauge; readonly total: Counter }
  private readonly process: { readonly startTime: Gauge; readonly memory: Gauge; readonly cpu: Counter }
  /** Seconds since 1970, as it was when it was first asked for. */
  private startTime: number | undefined

  constructor(registry: MetricRegistry) {
    this.registry = registry
    this.workers = registry.get(WORKERS, {})
    this.workerCrashes = registry.get(CRASHES, {})
    registry.get(RELOAD_SUCCESSFUL, {})
    registry.get(RELOAD_TIME, {})
    for (const result of ['applied', 'refused']) registry.get(RELOADS, { result })
    this.accessLogDropped = registry.get(LOG_DROPPED, {})
    this.eventLoopDelay = registry.get(EVENT_LOOP_DELAY, {})
    this.process = {
      startTime: registry.get(START_TIME, {}),
      memory: registry.get(RESIDENT_MEMORY, {}),
      cpu: registry.get(CPU, {}),
    }
    this.connections = { active: registry.get(CONNECTIONS_ACTIVE, {}), total: registry.get(CONNECTIONS, {}) }
    this.errors = errorCounters(registry)
  }

  /** A connection of a client came or went. */
  readonly onConnection = (change: 1 | -1): void => {
    this.connections.active.add(change)
    if (change === 1) this.connections.total.add(1)
  }

  /** A request was refused before it was an exchange. */
  readonly onError = (error: TrafficError): void => {
    this.errors[error.code].add(1)
  }

  /**
   * What a reading of the configuration file came to: for the supervisor.
   * @param time milliseconds since 1970-01-01 UTC
   */
  reloaded(successful: boolean, time: number): void {
    const { registry } = this
    registry.get(RELOAD_SUCCESSFUL, {}).set(Number(successful))
    registry.get(RELOAD_TIME, {}).set(Math.round(time) / 1000)
    registry.get(RELOADS, { result: successful ? 'applied' : 'refused' }).add(1)
  }

  /** Measures the process: in one thread only, before its metrics are shown. */
  sampleProcess(clock: Clock): void {
    const { user, system } = process.cpuUsage()
    this.process.cpu.setTotal((user + system) / 1e6)
    this.process.memory.set(process.memoryUsage.rss())
    // Once: a clock that jumps must not look like a restart.
    this.startTime ??= Math.round(clock.wallTime() - process.uptime() * 1000) / 1000
    this.process.startTime.set(this.startTime)
  }
}
