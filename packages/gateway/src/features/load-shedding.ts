import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Load, type LoadGauge, loadShed } from '@headgate/core'
import type { ExchangeRow } from './layer.ts'
import { section } from '../settings/schema/section.ts'
import { bytes, time } from '../settings/schema/setting.ts'

export const loadSheddingSetting = section('LoadSheddingInput', () => ({
  eventLoopDelay: time(
    'How late the event loop of a worker may be on average. Left out, it does not matter.',
  ).optional(),
  memory: bytes('Resident memory of the process. Left out, it does not matter.', { min: '1MiB' }).optional(),
}))

/** How often the event loop is probed, in milliseconds. */
const RESOLUTION = 10

/** Measures what this thread has to do, from one look to the next. */
export class LoadMonitor {
  private readonly eventLoop = monitorEventLoopDelay({ resolution: RESOLUTION })

  start(): void {
    this.eventLoop.enable()
  }

  stop(): void {
    this.eventLoop.disable()
  }

  readonly measure = (): Load => {
    // From probe to probe, in nanoseconds: what exceeds the interval is the delay.
    const mean = this.eventLoop.count === 0 ? 0 : this.eventLoop.mean / 1e6 - RESOLUTION
    this.eventLoop.reset()
    return { eventLoopDelay: Math.max(0, mean), memory: process.memoryUsage.rss() }
  }
}

export const loadSheddingLayer: ExchangeRow<object, { readonly load?: LoadGauge | undefined }> = {
  name: 'loadShedding',
  once: 'exchange',
  about: 'refuses requests while the process is overloaded, the least important ones first',
  judged: false,
  build: (_, { load }) => load && loadShed(load),
  tells: ({ config }) => config.loadShedding,
}
