import { Counter, Gauge } from './counters.ts'
import { Histogram, histogramSlots } from './histogram.ts'
import type { Labels, MetricFamily, MetricSeries, MetricType } from './metric-family.ts'
import { adopted, type MetricSegment, segmentOf, stampOf } from './segment.ts'

export type { Labels, MetricFamily, MetricSeries, MetricType } from './metric-family.ts'

/** What the series of one name have in common. */
export interface MetricDescription {
  /** Prometheus style, with its unit; a counter's ends in `_total`. */
  readonly name: string
  readonly help: string
  /** Leaves a series out until it has counted something: for families with very many series. False by default. */
  readonly sparse?: boolean
}

export interface GaugeDescription extends MetricDescription {
  /** How the values of several memories become one; `sum` by default. */
  readonly across?: 'sum' | 'max'
}

export interface HistogramDescription extends MetricDescription {
  /** Upper bounds of its buckets, ascending. */
  readonly bounds: readonly number[]
}

interface GrowingFamily extends MetricFamily {
  readonly series: MetricSeries[]
  readonly labelNames: string
  /** By their label values: what there is, and what a segment that was adopted holds for it. */
  readonly seen: Set<string>
  readonly reserved: Map<string, MetricSeries>
}

interface Segment {
  /** Slot 0 holds the stamp. */
  size: number
  stamp: number | undefined
  /** Of the memory that it is attached to. */
  slots: Float64Array
  readonly instruments: (Counter | Gauge | Histogram)[]
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const NO_SLOTS = new Float64Array(0)

/**
 * Which slot of a memory holds which series. It is filled, in the same order in every thread, from the names
 * in the configuration; so equal configurations give equal layouts, and threads need to share nothing but
 * memory: counting and reading take no message and no lock.
 *
 * It grows in segments. Once a memory is made or attached, what is defined after goes to a further segment with memories of
 * its own, so that no series ever moves. A thread that was not there when it grew adopts the segments of one that was.
 */
export class MetricLayout {
  private readonly byName = new Map<string, GrowingFamily>()
  private readonly parts: Segment[] = []

  /** In the order of their definition. */
  get families(): Iterable<MetricFamily> {
    return this.byName.values()
  }

  /** How many segments there are. */
  get segments(): number {
    return this.parts.length
  }

  /** @throws TypeError if the name or labels are not valid, or do not fit the other series of that name */
  counter(description: MetricDescription, labels: Labels = {}): Counter {
    if (!description.name.endsWith('_total')) {
      throw new TypeError(`counter ${description.name}: the name of a counter ends in "_total"`)
    }
    const series = this.define('counter', description, labels)
    return this.keep(series, new Counter(NO_SLOTS, series.index))
  }

  /** Throws as `counter` does. */
  gauge(description: GaugeDescription, labels: Labels = {}): Gauge {
    const series = this.define('gauge', description, labels)
    return this.keep(series, new Gauge(NO_SLOTS, series.index))
  }

  /** Throws as `counter` does, and if the bounds are not ascending. */
  histogram(description: HistogramDescription, labels: Labels = {}): Histogram {
    const { name, bounds } = description
    if (bounds.length === 0 || bounds.some((bound, index) => !(bound > (bounds[index - 1] ?? -Infinity)))) {
      throw new TypeError(`histogram ${name}: the bounds [${bounds.join(', ')}] are not ascending numbers`)
    }
    const series = this.define('histogram', description, labels)
    return this.keep(series, new Histogram(NO_SLOTS, series.index, bounds))
  }

  /**
   * Makes a memory for one writer, to be shared with the threads that read it.
   * @param segment by default the last one
   */
  allocate(segment: number = Math.max(this.parts.length - 1, 0)): SharedArrayBuffer {
    const part = this.parts[segment] ?? this.open()
    const memory = new SharedArrayBuffer(part.size * Float64Array.BYTES_PER_ELEMENT)
    new Float64Array(memory)[0] = this.stamp(this.parts.indexOf(part))
    return memory
  }

  /**
   * From now on all instruments of its segment write to `memory`. What it counted before stays, so that the successor of
   * a crashed worker carries on; gauges start from 0, since what they measured ended with the worker.
   * @throws TypeError if the memory was made for another layout
   */
  attach(memory: SharedArrayBuffer): void {
    this.resetGauges(memory)
    const { slots, segment } = this.view(memory)
    const part = this.parts[segment]
    if (part === undefined) return
    part.slots = slots
    for (const instrument of part.instruments) instrument.slots = slots
  }

  /** Sets all gauges of a memory to 0: for one whose writer is gone. Throws as `attach` does. */
  resetGauges(memory: SharedArrayBuffer): void {
    const { slots, segment } = this.view(memory)
    for (const { type, series } of this.byName.values()) {
      if (type !== 'gauge') continue
      for (const each of series) if (each.segment === segment) slots[each.index] = 0
    }
  }

  /** The slots of a memory, and which segment it is for. Throws as `attach` does. */
  view(memory: SharedArrayBuffer): { readonly slots: Float64Array; readonly segment: number } {
    const slots = new Float64Array(memory)
    const segment = this.parts.findIndex(
      ({ size }, index) => size === slots.length && this.stamp(index) === slots[0],
    )
    if (segment >= 0) return { slots, segment }
    throw new TypeError(
      'the metric memory was made for another layout: use one that `allocate` of this layout made',
    )
  }

  /** What each series of a counter or gauge comes to in all memories. Throws as `view` does. */
  totals(name: string, memories: readonly SharedArrayBuffer[]): { labels: Labels; total: number }[] {
    const views = memories.map((memory) => this.view(memory))
    return (this.byName.get(name)?.series ?? []).map(({ labels, segment, index }) => {
      const own = views.filter((view) => view.segment === segment)
      return { labels, total: own.reduce((sum, { slots }) => sum + (slots[index] ?? 0), 0) }
    })
  }

  /** Whether there is room for that series in a segment that was adopted: to define it adds nothing to the layout. */
  hasRoomFor({ name }: MetricDescription, labels: Labels): boolean {
    return this.byName.get(name)?.reserved.has(keyOf(labels)) === true
  }

  /** A segment as data, for `adopt` in another thread. Nothing is added to it any more. */
  describe(segment: number): MetricSegment {
    return segmentOf(this.byName.values(), segment, this.parts[segment]?.size ?? 1, this.stamp(segment))
  }

  /** Takes the next segment as another thread laid it out: what is defined from now on and lies there, is there. */
  adopt(described: MetricSegment): void {
    const { size, stamp } = described
    const segment = this.parts.push({ size, stamp, slots: NO_SLOTS, instruments: [] }) - 1
    for (const { family, labels, index } of adopted(described)) {
      const growing = this.familyOf(family.type, family, labels)
      growing.reserved.set(keyOf(labels), { labels, segment, index })
    }
  }

  private define(type: MetricType, description: MetricDescription, labels: Labels): MetricSeries {
    const family = this.familyOf(type, description, labels)
    const key = keyOf(labels)
    if (family.seen.has(key)) {
      throw new TypeError(`${type} ${description.name}: there is a series ${key} already`)
    }
    family.seen.add(key)
    const series = family.reserved.get(key) ?? this.place(family, labels)
    family.reserved.delete(key)
    family.series.push(series)
    return series
  }

  private place(family: MetricFamily, labels: Labels): MetricSeries {
    const last = this.parts.at(-1)
    const part = last === undefined || last.stamp !== undefined ? this.open() : last
    const index = part.size
    part.size += family.type === 'histogram' ? histogramSlots(family.bounds) : 1
    return { labels, segment: this.parts.indexOf(part), index }
  }

  private open(): Segment {
    const segment: Segment = { size: 1, stamp: undefined, slots: NO_SLOTS, instruments: [] }
    this.parts.push(segment)
    return segment
  }

  private familyOf(type: MetricType, description: MetricDescription, labels: Labels): GrowingFamily {
    const { name } = description
    const labelNames = Object.keys(labels).join(', ')
    const known = this.byName.get(name)
    if (known !== undefined) {
      if (known.type === type && known.labelNames === labelNames) return known
      throw new TypeError(
        `${type} ${name}{${labelNames}}: it is a ${known.type} {${known.labelNames}} elsewhere`,
      )
    }
    if (!METRIC_NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a metric name`)
    const misnamed = Object.keys(labels).find((label) => label === 'le' || !LABEL_NAME.test(label))
    if (misnamed !== undefined)
      throw new TypeError(`${type} ${name}: ${JSON.stringify(misnamed)} cannot name a label`)
    const family: GrowingFamily = {
      sparse: false,
      across: 'sum',
      bounds: [],
      ...description,
      type,
      labelNames,
      series: [],
      seen: new Set(),
      reserved: new Map(),
    }
    this.byName.set(name, family)
    return family
  }

  private keep<Instrument extends Counter | Gauge | Histogram>(
    { segment }: MetricSeries,
    instrument: Instrument,
  ): Instrument {
    const part = this.parts[segment]
    part?.instruments.push(instrument)
    // What an adopted segment holds may be wanted long after that was attached.
    instrument.slots = part?.slots ?? NO_SLOTS
    return instrument
  }

  /** Of a segment, and never 0. From the first call on nothing is added to it. */
  private stamp(segment: number): number {
    const part = this.parts[segment]
    if (part === undefined) throw new TypeError(`the layout has no segment ${segment}`)
    part.stamp ??= stampOf(this.byName.values(), segment)
    return part.stamp
  }
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.values(labels))
}
