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
  /** How a gauge's values of several memories become one: their sum by default. */
  readonly across?: 'sum' | 'max'
  /** A histogram's upper bounds, ascending. */
  readonly bounds?: readonly number[]
}

export interface MetricSeries {
  readonly labels: Labels
  /** Its first slot. */
  readonly index: number
}

export interface MetricFamily extends MetricDescription {
  readonly type: MetricType
  readonly series: readonly MetricSeries[]
}

interface GrowingFamily extends MetricFamily {
  readonly series: MetricSeries[]
  /** The label values seen, to refuse a series that is there already. */
  readonly seen: Set<string>
  readonly labelNames: string
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
/** Slot 0 holds the layout's stamp. */
const FIRST_SLOT = 1

/**
 * Which slot of a memory holds which series. It is filled, in the same order in every thread, from the names
 * in the configuration; so equal configurations give equal layouts, and threads need to share nothing but
 * memory. Counting and reading then take no message and no lock.
 */
export class MetricLayout {
  private readonly byName = new Map<string, GrowingFamily>()
  private readonly instruments: (Counter | Gauge | Histogram)[] = []
  private size = FIRST_SLOT
  private attached = false
  /** What the instruments write to before they are attached. */
  private nowhere = new Float64Array(0)

  /** All families, in the order of their definition. */
  get families(): readonly MetricFamily[] {
    return [...this.byName.values()]
  }

  /** Slots of a memory of this layout. */
  get slotCount(): number {
    return this.size
  }

  /** @throws TypeError if the name or labels are not valid, or do not fit the other series of that name */
  counter(description: MetricDescription, labels: Labels = {}): Counter {
    if (!description.name.endsWith('_total')) {
      throw new TypeError(`counter ${description.name}: the name of a counter ends in "_total"`)
    }
    return this.keep(new Counter(this.nowhere, this.define('counter', description, labels, 1)))
  }

  /** Throws as `counter` does. */
  gauge(description: MetricDescription, labels: Labels = {}): Gauge {
    return this.keep(new Gauge(this.nowhere, this.define('gauge', description, labels, 1)))
  }

  /** Throws as `counter` does, and if the bounds are not ascending. */
  histogram(description: MetricDescription & { readonly bounds: readonly number[] }, labels: Labels = {}): Histogram {
    const { bounds } = description
    if (bounds.length === 0 || bounds.some((bound, index) => !(bound > (bounds[index - 1] ?? -Infinity)))) {
      throw new TypeError(`histogram ${description.name}: bounds [${bounds.join(', ')}] are not ascending numbers`)
    }
    const index = this.define('histogram', description, labels, histogramSlots(bounds))
    return this.keep(new Histogram(this.nowhere, index, bounds))
  }

  /** Makes a memory for one writer. It can be shared with other threads. */
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
    const slots = this.view(memory)
    this.resetGauges(memory)
    this.attached = true
    for (const instrument of this.instruments) instrument.slots = slots
  }

  /** Sets all gauges of a memory to 0: for one whose writer is gone. */
  resetGauges(memory: SharedArrayBuffer): void {
    const slots = this.view(memory)
    for (const family of this.byName.values()) {
      if (family.type === 'gauge') for (const { index } of family.series) slots[index] = 0
    }
  }

  /** The slots of a memory of this layout; throws as `attach` does. */
  view(memory: SharedArrayBuffer): Float64Array {
    const slots = new Float64Array(memory)
    if (slots.length !== this.size || slots[0] !== this.stamp()) {
      throw new TypeError('this metric memory was made for another layout: use one that `allocate` of this layout made')
    }
    return slots
  }

  private define(type: MetricType, description: MetricDescription, labels: Labels, slots: number): number {
    if (this.attached) throw new TypeError(`${type} ${description.name}: the layout is attached and cannot grow`)
    const family = this.family(type, description, labels)
    const key = JSON.stringify(Object.values(labels))
    if (family.seen.has(key)) throw new TypeError(`${type} ${description.name}: the series ${key} is there already`)
    family.seen.add(key)
    const index = this.size
    family.series.push({ labels, index })
    this.size += slots
    if (this.nowhere.length === 0) this.nowhere = new Float64Array(0)
    return index
  }

  private family(type: MetricType, description: MetricDescription, labels: Labels): GrowingFamily {
    const { name } = description
    const labelNames = Object.keys(labels).join(',')
    const known = this.byName.get(name)
    if (known !== undefined) {
      if (known.type === type && known.labelNames === labelNames) return known
      throw new TypeError(`${type} ${name}{${labelNames}} is a ${known.type} with labels {${known.labelNames}} already`)
    }
    if (!METRIC_NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a metric name`)
    for (const label of Object.keys(labels)) {
      if (!LABEL_NAME.test(label) || label === 'le') {
        throw new TypeError(`${type} ${name}: ${JSON.stringify(label)} cannot name a label`)
      }
    }
    const family = { ...description, type, series: [], seen: new Set<string>(), labelNames }
    this.byName.set(name, family)
    return family
  }

  private keep<Instrument extends Counter | Gauge | Histogram>(instrument: Instrument): Instrument {
    this.instruments.push(instrument)
    return instrument
  }

  /** A hash (FNV-1a, 32 bits) of all that decides where a series lies; never 0. */
  private stamp(): number {
    let hash = 0x811c9dc5
    for (const { name, type, series, bounds } of this.byName.values()) {
      const text = `${name} ${type} ${bounds?.join(',')} ${JSON.stringify(series)}`
      for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    }
    return (hash >>> 0) + 1
  }
}
