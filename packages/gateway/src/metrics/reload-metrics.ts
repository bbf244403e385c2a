import type { Counter, Gauge, MetricLayout } from '@headgate/core'
import * as catalogue from '../metric-catalogue.ts'

/** Whether the configuration file, as it was when it was read last, is in force: for the supervisor. */
export class ReloadMetrics {
  private readonly successful: Gauge
  private readonly time: Gauge
  private readonly reloads: Readonly<Record<'applied' | 'refused', Counter>>

  constructor(layout: MetricLayout) {
    this.successful = layout.gauge(catalogue.CONFIG_RELOAD_SUCCESSFUL)
    this.time = layout.gauge(catalogue.CONFIG_RELOAD_TIME)
    const reload = (result: string): Counter => layout.counter(catalogue.CONFIG_RELOADS, { result })
    this.reloads = { applied: reload('applied'), refused: reload('refused') }
  }

  /** @param time milliseconds since 1970-01-01 UTC */
  record(successful: boolean, time: number): void {
    this.successful.set(Number(successful))
    this.time.set(Math.round(time) / 1000)
    this.reloads[successful ? 'applied' : 'refused'].add(1)
  }
}
