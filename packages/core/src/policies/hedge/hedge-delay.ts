import { own } from '../../message/own-options.ts'
import { LatencyEstimate } from './latency-estimate.ts'

/** A delay that follows what responses take. Times in milliseconds. */
export interface HedgeDelayOptions {
  /** Between 0 and 1: 0.95 hedges one request in twenty. */
  readonly percentile: number
  /** Never earlier. Default 1. */
  readonly min?: number | undefined
  /** Never later. Default Infinity. */
  readonly max?: number | undefined
  /** Responses to know before anything is hedged. Default 20. */
  readonly minimumSamples?: number | undefined
}

/** When to send a request once more. */
export class HedgeDelay {
  private readonly fixed: number | undefined
  private readonly estimate: LatencyEstimate | undefined
  private readonly min: number
  private readonly max: number

  /** @throws TypeError if an option is out of range */
  constructor(options: number | HedgeDelayOptions) {
    if (typeof options === 'number') {
      if (!(options >= 0)) throw new TypeError(`delay of the hedge is ${options}: use milliseconds from 0`)
      this.fixed = options
      this.min = 0
      this.max = Infinity
      return
    }
    const { percentile, min = 1, max = Infinity, minimumSamples = 20 } = own(options)
    if (!(percentile > 0 && percentile < 1))
      throw new TypeError(`percentile of the hedge is ${percentile}: use a number between 0 and 1, as 0.95`)
    if (!(min <= max)) throw new TypeError(`min of the hedge is ${min}: use no more than max, ${max}`)
    this.estimate = new LatencyEstimate(percentile, minimumSamples)
    this.min = min
    this.max = max
  }

  /** Milliseconds; undefined while too little is known. */
  get value(): number | undefined {
    const value = this.fixed ?? this.estimate?.value
    return value === undefined ? undefined : Math.min(this.max, Math.max(this.min, value))
  }

  /** How long a response took, or one that was not waited for had taken by then: without these it would look faster than it is. */
  record(latency: number): void {
    this.estimate?.record(latency)
  }
}
