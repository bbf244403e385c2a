import { Counter, Gauge } from './counters.ts'
import { merge, type MetricFamily, renderExposition } from './exposition.ts'
import { Histogram, histogramSlots } from './histogram.ts'
import type { Instruments, Labels, Metric, MetricKind } from './metric.ts'

/**
 * Series in the order in which they lie in memory, as plain data for another thread. Values stand in flat lists: a gateway with
 * 10,000 routes has 100,000 series, and an object for each would take longer to send than all the rest.
 */
export interface SeriesList {
  /** How many lie before them. */
  readonly from: number
  readonly metrics: readonly Metric[]
  /** The metric of each series, by its position among these. */
  readonly of: readonly number[]
  /** The values of the labels of one series after those of the other. */
  readonly values: readonly string[]
}

/** What a thread needs to count along: memory of its own, and what lies where. */
export interface SharedMetrics {
  readonly memory: SharedArrayBuffer
  readonly series: SeriesList
}

interface Series {
  readonly metric: Metric
  readonly values: readonly string[]
  readonly index: number
  /** Made when somebody asks for it. */
  instrument: Counter | Gauge | Histogram | undefined
}

interface Family extends MetricFamily {
  readonly byKey: Map<string, Series>
  /** Those that were asked for before there is room for them. */
  readonly waiting: Map<string, Counter | Gauge | Histogram>
}

/** Memory grows by so many bytes, as long as there are addresses for it: a route takes about 300. Only what is used is there. */
const STEP = 65_536
const MOST_BYTES = 2 ** 26

/**
 * All metrics of a process, as one of its threads sees them. `get` gives what counts a series, and makes it if there is none yet;
 * no series ever moves or goes, so that no count is lost and none goes backwards. Each thread counts into memory of its own,
 * and any can read them all: counting and reading take no message and no lock.
 *
 * One thread places the series, in the order in which they are asked for. The others are told where they lie, and count what
 * has no place yet nowhere until they are told.
 */
export class MetricRegistry {
  private readonly families = new Map<string, Family>()
  private readonly all: Series[] = []
  private readonly own: SharedArrayBuffer
  /** Of all threads. */
  private readonly memories: SharedArrayBuffer[]
  private readonly byThread = new Map<number, SharedArrayBuffer>()
  /** Whether this is the thread that places the series. */
  readonly places: boolean
  /** Of the own memory. */
  private slots: Float64Array
  private used = 0

  /** @param shared by the thread that places the series; by default, that is this one */
  constructor(shared?: SharedMetrics) {
    this.places = shared === undefined
    this.own = shared?.memory ?? newMemory(STEP)
    this.memories = [this.own]
    this.slots = viewOf(this.own)
    if (shared !== undefined) this.learn(shared.series)
  }

  /**
   * What counts that series.
   * @throws TypeError if there is another metric of that name
   */
  get<Kind extends MetricKind, Label extends string>(
    metric: Metric<Kind, Label>,
    labels: Labels<Label>,
  ): Instruments[Kind] {
    const family = this.familyOf(metric)
    const values = metric.labels.map((label) => labels[label])
    const key = JSON.stringify(values)
    const series = family.byKey.get(key) ?? (this.places ? this.place(family, key, values) : undefined)
    const instrument = series === undefined ? waitingFor(family, key) : this.instrumentOf(series)
    return instrument as Instruments[Kind] // of the family of that metric
  }

  /** The same, if the series has its place; else nothing is made. */
  find<Kind extends MetricKind, Label extends string>(
    metric: Metric<Kind, Label>,
    labels: Labels<Label>,
  ): Instruments[Kind] | undefined {
    const values = metric.labels.map((label) => labels[label])
    const series = this.families.get(metric.name)?.byKey.get(JSON.stringify(values))
    return series && (this.instrumentOf(series) as Instruments[Kind]) // as above
  }

  /** How many series there are. */
  get size(): number {
    return this.all.length
  }

  /** What another thread needs, by its number: always the same memory, so that the successor of a crashed one carries on. */
  share(thread: number): SharedMetrics {
    const memory = this.byThread.get(thread) ?? newMemory(this.own.byteLength)
    if (!this.byThread.has(thread)) this.memories.push(memory)
    this.byThread.set(thread, memory)
    return { memory, series: this.since(0) }
  }

  /** The series beyond that many, for `learn` in another thread. */
  since(from: number): SeriesList {
    const positions = new Map<Metric, number>()
    const news = this.all.slice(from)
    const of = news.map(({ metric }) => {
      const position = positions.get(metric) ?? positions.size
      positions.set(metric, position)
      return position
    })
    return { from, metrics: [...positions.keys()], of, values: news.flatMap(({ values }) => values) }
  }

  /** Learns where further series lie; those that are known already may be among them. */
  learn({ from, metrics, of, values }: SeriesList): void {
    let first = 0
    for (const [position, each] of of.entries()) {
      const metric = metrics[each] as Metric // listed with them
      const next = first + metric.labels.length
      if (from + position === this.all.length) {
        const own = values.slice(first, next)
        this.place(this.familyOf(metric), JSON.stringify(own), own)
      }
      first = next
    }
  }

  /** A thread is gone, and what its gauges measured with it; what it counted stays. */
  ended(thread: number): void {
    const memory = this.byThread.get(thread)
    if (memory === undefined) return
    const slots = viewOf(memory)
    for (const { metric, index } of this.all) if (metric.kind === 'gauge') slots[index] = 0
  }

  /** All that was counted in all threads that this one has shared memory with, in the format that Prometheus reads. */
  render(): string {
    return renderExposition(this.families.values(), this.views())
  }

  /** What a series of a counter or gauge comes to in all threads; 0 if there is none. */
  total<Label extends string>(metric: Metric<MetricKind, Label>, labels: Labels<Label>): number {
    const key = JSON.stringify(metric.labels.map((label) => labels[label]))
    const index = this.families.get(metric.name)?.byKey.get(key)?.index
    return index === undefined ? 0 : merge(this.views(), index, metric.across)
  }

  /** What each series of a counter or gauge comes to in all threads. */
  totals<Label extends string>({
    name,
    labels,
    across,
  }: Metric<MetricKind, Label>): {
    labels: Labels<Label>
    total: number
  }[] {
    const views = this.views()
    return Array.from(this.families.get(name)?.byKey.values() ?? [], ({ values, index }) => ({
      labels: Object.fromEntries(labels.map((label, position) => [label, values[position]])) as Labels<Label>, // a value for each
      total: merge(views, index, across),
    }))
  }

  private views(): Float64Array[] {
    return this.memories.map(viewOf)
  }

  private familyOf(metric: Metric): Family {
    const { kind, name, labels } = metric
    const known = this.families.get(name)
    if (known !== undefined) {
      const { metric: other } = known
      if (other === metric || (other.kind === kind && other.labels.join() === labels.join())) return known
      throw new TypeError(
        `${kind} ${name}{${labels.join(', ')}}: it is a ${other.kind} {${other.labels.join(', ')}} elsewhere`,
      )
    }
    const byKey = new Map<string, Series>()
    const family: Family = {
      metric,
      byKey,
      waiting: new Map(),
      series: { [Symbol.iterator]: () => byKey.values() },
    }
    this.families.set(name, family)
    return family
  }

  private place(family: Family, key: string, values: readonly string[]): Series {
    const { metric, byKey, waiting } = family
    const index = this.used
    const used = index + (metric.kind === 'histogram' ? histogramSlots(metric.bounds) : 1)
    this.reach(used * Float64Array.BYTES_PER_ELEMENT)
    this.used = used
    const instrument = waiting.get(key)
    waiting.delete(key)
    instrument?.place(this.slots, index)
    const series: Series = { metric: family.metric, values, index, instrument }
    byKey.set(key, series)
    this.all.push(series)
    return series
  }

  /** Has the memories of all threads reach so far, before any of them is told of a series there. */
  private reach(bytes: number): void {
    if (bytes <= this.slots.byteLength) return
    const size = Math.ceil(bytes / STEP) * STEP
    if (size > MOST_BYTES)
      throw new RangeError(
        `there is no room for more than ${MOST_BYTES / 2 ** 20} MiB of metrics in each thread`,
      )
    if (this.places) for (const memory of this.memories) if (memory.byteLength < size) memory.grow(size)
    this.slots = viewOf(this.own)
  }

  private instrumentOf(series: Series): Counter | Gauge | Histogram {
    if (series.instrument === undefined) {
      series.instrument = newInstrument(series.metric)
      series.instrument.place(this.slots, series.index)
    }
    return series.instrument
  }
}

function newMemory(size: number): SharedArrayBuffer {
  return new SharedArrayBuffer(size, { maxByteLength: MOST_BYTES })
}

/** Its length is fixed: to count through a view that follows its memory as that grows takes ten times as long. */
function viewOf(memory: SharedArrayBuffer): Float64Array {
  return new Float64Array(memory, 0, memory.byteLength / Float64Array.BYTES_PER_ELEMENT)
}

function waitingFor({ metric, waiting }: Family, key: string): Counter | Gauge | Histogram {
  const known = waiting.get(key) ?? newInstrument(metric)
  waiting.set(key, known)
  return known
}

function newInstrument({ kind, bounds }: Metric): Counter | Gauge | Histogram {
  if (kind === 'counter') return new Counter()
  return kind === 'gauge' ? new Gauge() : new Histogram(undefined, 0, bounds)
}
