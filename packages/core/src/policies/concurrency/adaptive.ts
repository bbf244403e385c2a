import { own } from '../../message/own-options.ts'
import type { Clock } from '../../time/clock.ts'
import type { ConcurrencyLimit } from './concurrency-limit.ts'

/** Options of `AdaptiveLimit`. */
export interface AdaptiveOptions {
  /** The limit to begin with. Default 20. */
  readonly initial?: number | undefined
  /** Never less. Default 4. */
  readonly min?: number | undefined
  /** Never more. Default 1,000. */
  readonly max?: number | undefined
  /** How much longer than usual a response may take before the limit shrinks: 1.5 is half as long again. Default 1.5. */
  readonly tolerance?: number | undefined
  /** How far the limit goes towards its new value at each step, between 0 and 1. Default 0.2. */
  readonly smoothing?: number | undefined
  /** How often the limit is looked at, in milliseconds. Default 100. */
  readonly interval?: number | undefined
  /** Responses that a look needs at least. Default 10. */
  readonly minimumSamples?: number | undefined
}

/** What was seen between two looks. */
export interface LoadSample {
  /** Mean, in milliseconds. */
  readonly rtt: number
  /** The most exchanges under way at the same time. */
  readonly inflight: number
  readonly dropped: boolean
}

/** What is remembered from look to look. */
export interface GradientState {
  readonly limit: number
  /** What responses take without a queue, in milliseconds; 0 if nothing is known yet. */
  readonly usual: number
  /** Looks until the next probe; during one, those until its end. */
  readonly looks: number
  /** The limit to go back to after a probe; 0 while there is none. */
  readonly resume: number
}

type Settings = Required<{ [Key in keyof AdaptiveOptions]: number }>

const DEFAULTS: Settings = {
  initial: 20,
  min: 4,
  max: 1_000,
  tolerance: 1.5,
  smoothing: 0.2,
  interval: 100,
  minimumSamples: 10,
}
/** How fast what is usual follows what is seen. */
const USUAL_WEIGHT = 0.1
/** More than the limit that may be under way beyond what the latency speaks for: room to find out that more is possible. */
const HEADROOM = 4
const DROP_FACTOR = 0.9
/** Half a minute at the default interval. */
const LOOKS_BETWEEN_PROBES = 300
/** In the first, what was under way before comes to its end; the second one counts. */
const LOOKS_OF_PROBE = 2

/** What is known before the first look. */
export function initialState(limit: number): GradientState {
  return { limit, usual: 0, looks: LOOKS_BETWEEN_PROBES, resume: 0 }
}

/**
 * One step of a gradient limit, as in Gradient2 (Netflix concurrency-limits): the limit shrinks as responses take longer than
 * usual, and grows while they do not and it is made use of. What is usual is not a long average, which under lasting load
 * rises with the queue, and the limit with it (in a simulation up to the maximum within a minute): it is what is seen where
 * the limit is not felt, and otherwise measured now and then with half of it, as BBR probes for the round-trip time.
 */
export function gradient(state: GradientState, sample: LoadSample, settings: Settings): GradientState {
  const { limit, resume } = state
  const { rtt } = sample
  if (resume > 0) {
    if (state.looks > 1) return { ...state, looks: state.looks - 1 }
    return { limit: resume, usual: rtt, looks: LOOKS_BETWEEN_PROBES, resume: 0 }
  }
  const felt = sample.inflight >= limit / 2
  const usual = nextUsual(state.usual, rtt, felt)
  if (felt && state.looks <= 1) {
    return { limit: Math.max(settings.min, limit / 2), usual, looks: LOOKS_OF_PROBE, resume: limit }
  }
  const aim = Math.max(settings.min, Math.min(settings.max, nextLimit(limit, usual, sample, felt, settings)))
  return { limit: aim, usual, looks: felt ? state.looks - 1 : LOOKS_BETWEEN_PROBES, resume: 0 }
}

function nextUsual(usual: number, rtt: number, felt: boolean): number {
  if (usual === 0) return rtt
  // Where the limit is felt, more than usual may be our own queue; less is less.
  return felt && rtt > usual ? usual : usual + (rtt - usual) * USUAL_WEIGHT
}

function nextLimit(
  limit: number,
  usual: number,
  sample: LoadSample,
  felt: boolean,
  settings: Settings,
): number {
  if (sample.dropped) return limit * DROP_FACTOR
  // Only where the limit is felt does the latency say anything about it.
  if (!felt) return limit
  const slope = Math.max(0.5, Math.min(1, (settings.tolerance * usual) / Math.max(sample.rtt, 1e-3)))
  return limit * (1 - settings.smoothing) + (limit * slope + HEADROOM) * settings.smoothing
}

/** A limit that follows the latency: an upstream that gets slower is given less to do before it fails. */
export class AdaptiveLimit implements ConcurrencyLimit {
  private readonly clock: Clock
  private readonly settings: Settings
  private state: GradientState
  private since: number
  private samples = 0
  private total = 0
  private mostInflight = 0
  private dropped = false

  /** @throws TypeError if an option is out of range */
  constructor(clock: Clock, given: AdaptiveOptions = {}) {
    const options = own(given)
    this.clock = clock
    this.settings = checked(options)
    this.state = initialState(this.settings.initial)
    this.since = clock.now()
  }

  get limit(): number {
    return this.state.limit
  }

  record(rtt: number, inflight: number, dropped: boolean): void {
    this.samples++
    this.total += rtt
    if (inflight > this.mostInflight) this.mostInflight = inflight
    if (dropped) this.dropped = true
    if (this.samples < this.settings.minimumSamples) return
    const now = this.clock.now()
    if (now - this.since < this.settings.interval) return
    const sample = { rtt: this.total / this.samples, inflight: this.mostInflight, dropped: this.dropped }
    this.state = gradient(this.state, sample, this.settings)
    this.since = now
    this.samples = 0
    this.total = 0
    this.mostInflight = 0
    this.dropped = false
  }
}

function checked(given: AdaptiveOptions): Settings {
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  const settings: Settings = { ...DEFAULTS, ...Object.fromEntries(said) }
  for (const [name, value] of Object.entries(settings)) {
    if (!(value > 0)) throw new TypeError(`${name} of the adaptive limit is ${value}: use a number above 0`)
  }
  const { min, initial, max, smoothing } = settings
  if (!(min >= 1 && min <= initial && initial <= max))
    throw new TypeError(
      `initial of the adaptive limit is ${initial}: use one from min, ${min}, to max, ${max}`,
    )
  if (smoothing > 1) throw new TypeError(`smoothing of the adaptive limit is ${smoothing}: use one up to 1`)
  return settings
}
