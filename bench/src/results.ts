import type { Measurement } from './load/job.ts'
import type { Cores, Machine } from './machine.ts'
import type { Summary } from './statistics.ts'

/** A proxy, or a workload, that did not take part, and why. */
export interface LeftOut {
  name: string
  workload?: string
  why: string
}

/** A figure of one contender over all rounds. */
export interface FigureResult {
  name: string
  better: 'more' | 'less'
  /** One per round; null where the contender was not measured. */
  rounds: (number | null)[]
  summary: Summary
  /** To the reference, round by round; missing where there is no reference. */
  toReference?: Summary
  /** Our own proxy to this one, round by round; missing where ours did not take part. */
  ownToThis?: Summary
}

/** What one contender did in a workload. */
export interface ContenderResult {
  name: string
  figures: FigureResult[]
  /** One per round; null where the contender was not measured. */
  rounds: (Measurement | null)[]
}

/** What a workload showed. */
export interface WorkloadResult {
  name: string
  title: string
  reference: string
  /** What was compared. Default: proxies. */
  subject?: 'proxy' | 'client'
  contenders: ContenderResult[]
}

/** What a contender shall reach in the first figure of a workload, which a ratio follows: more or less is better as it is for the figure. */
export interface Goal {
  workload: string
  who: string
  /** With whom it is compared; without, the figure itself is meant. */
  to?: string
  /** The worst that is accepted. */
  must: number
  aim: number
}

/** A goal, and what became of it. */
export interface GoalResult extends Goal {
  measured: Summary
  met: 'aim' | 'must' | 'missed'
}

/** Everything that a run found out: the content of the JSON file. */
export interface BenchmarkResult {
  startedAt: string
  command: string
  machine: Machine
  cores: Cores
  settings: { rounds: number; seconds: number; warmup: number; rate: number }
  versions: Record<string, string>
  /** Requests per CPU-second of load generator and origin, without a proxy between them. */
  loadCapacity: number
  leftOut: LeftOut[]
  workloads: WorkloadResult[]
  /** How Headgate compares with what it shall reach. */
  goals: GoalResult[]
}
