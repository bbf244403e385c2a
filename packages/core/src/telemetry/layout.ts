import { Counter, Gauge } from './counters.ts'
import { Histogram, histogramSlots } from './histogram.ts'

export type MetricType = 'counter' | 'gauge' | 'histogram'

/** Names and values that tell the series of a family apart. */
export type Labels = Readonly<Record<string, string>>

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

export interface MetricSeries {
  readonly labels: Labels
  /** Its first slot. */
  readonly index: number
}

/** All series of one name. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly sparse: boolean
  readonly across: 'sum' | 'max'
  /** Empty but for histograms. */
  readonly bounds: readonly number[]
  readonly series: readonly MetricSeries[]
}

interface GrowingFamily extends MetricFamily {
  readonly series: MetricSeries[]
  readonly labelNames: string
  /** The label values that there are, to refuse them a second time. */
  readonly seen: Set<string>
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const NO_SLOTS = new Float64Array(0)

/**
 * Which slot of a memory holds which series. It is filled, in the same order in every thread, from the names
 * in the configuration; so equal configurations give equal layouts, and threads need to share nothing but
 * memory: counting and reading take no message and no lock. It grows until the first memory is made or attached.
 */
export class MetricLayout {
  private readonly byName = new Map<string, GrowingFamily>()
  private readonly instruments: (Counter | Gauge | Histogram)[] = []
  /** Slot 0 holds the stamp. */
  private size = 1
  private sealed: number | undefined

  /** In the order of their definition. */
  get families(): Iterable<MetricFamily> {
    return this.byName.values()
  }

  /** @throws TypeError if the name or labels are not valid, or do not fit the other series of that name */
  counter(description: MetricDescription, labels: Labels = {}): Counter {
    if (!description.name.endsWith('_total')) {
      throw new TypeError(`counter ${description.name}: the name of a counter ends in "_total"`)
    }
    return this.keep(new Counter(NO_SLOTS, this.define('counter', description, labels)))
  }

  /** Throws as `counter` does. */
  gauge(description: GaugeDescription, labels: Labels = {}): Gauge {
    return this.keep(new Gauge(NO_SLOTS, this.define('gauge', description, labels)))
  }

  /** Throws as `counter` does, and if the bounds are not ascending. */
  histogram(description: HistogramDescription, labels: Labels = {}): Histogram {
    const { name, bounds } = description
    if (bounds.length === 0 || bounds.some((bound, index) => !(bound > (bounds[index - 1] ?? -Infinity)))) {
      throw new TypeError(`histogram ${name}: the bounds [${bounds.join(', ')}] are not ascending numbers`)
    }
    return this.keep(new Histogram(NO_SLOTS, this.define('histogram', description, labels), bounds))
  }

  /** Makes a memory for one writer, to be shared with the threads that read it. */
  allocate(): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(this.size * Float64Array.BYTES_PER_ELEMENT)
    new Float64Array(memory)[0] = this.stamp()
    return memory
  }

  /**
   * From now on all instruments write to `memory`. What it counted before stays, so that the successor of a
   * crashed worker carries on; gauges start from 0, since what they measured ended with the worker.
   * @throws TypeError if the memory was made for another layout
   */
  attach(memory: SharedArrayBuffer): void {
    this.resetGauges(memory)
    const slots = this.view(memory)
    for (const instrument of this.instruments) instrument.slots = slots
  }

  /** Sets all gauges of a memory to 0: for one whose writer is gone. Throws as `attach` does. */
  resetGauges(memory: SharedArrayBuffer): void {
    const slots = this.view(memory)
    for (const { type, series } of this.byName.values()) {
      if (type === 'gauge') for (const { index } of series) slots[index] = 0
    }
  }

  /** The slots of a memory. Throws as `attach` does. */
  view(memory: SharedArrayBuffer): Float64Array {
    if (memory.byteLength === this.size * Float64Array.BYTES_PER_ELEMENT) {
      const slots = new Float64Array(memory)
      if (slots[0] === this.stamp()) return slots
    }
    throw new TypeError(
      'the metric memory was made for another layout: use one that `allocate` of this layout made',
    )
  }

  private define(type: MetricType, description: MetricDescription, labels: Labels): number {
    const what = `${type} ${description.name}`
    if (this.sealed !== undefined)
      throw new TypeError(`${what}: this layout has memories already and cannot grow`)
    const family = this.familyOf(type, description, labels)
    const values = JSON.stringify(Object.values(labels))
    if (family.seen.has(values)) throw new TypeError(`${what}: there is a series ${values} already`)
    family.seen.add(values)
    const index = this.size
    family.series.push({ labels, index })
    this.size += type === 'histogram' ? histogramSlots(family.bounds) : 1
    return index
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
    }
    this.byName.set(name, family)
    return family
  }

  private keep<Instrument extends Counter | Gauge | Histogram>(instrument: Instrument): Instrument {
    this.instruments.push(instrument)
    return instrument
  }

  /** A hash (FNV-1a) of all that decides where a series lies, and never 0. From the first call on nothing is added. */
  private stamp(): number {
    if (this.sealed !== undefined) return this.sealed
    let hash = 0x811c9dc5
    for (const { name, type, series, bounds } of this.byName.values()) {
      const text = JSON.stringify([name, type, bounds, series])
      for (let index = 0; index < text.length; index++)
        hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    }
    this.sealed = (hash >>> 0) + 1
    return this.sealed
  }
}
