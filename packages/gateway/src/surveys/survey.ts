import type { Clock, MetricRegistry, Upstream } from '@headgate/core'
import type { AdminOperation } from '../admin-api/operation.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { Gateway } from '../gateway.ts'
import type { RateLimitStores } from '../features/rate-limit/stores.ts'
import type { HealthChecks } from '../upstreams/health-checks.ts'
import type { CompiledUpstreams } from '../upstreams/upstreams.ts'

/** What only the workers know, or must do each: what they are asked, and the operations of the admin API that ask it. */
export interface Survey {
  readonly questions: readonly Question[]
  operations(source: SurveySource): AdminOperation[]
}

/** A question to workers: each finds it by its name, in the list of `surveys.ts`. */
export interface Question<Asked = unknown, Answer = unknown> {
  readonly name: string
  /** In the worker. What is asked and answered goes from thread to thread as a structured clone. */
  answer(here: AskedWorker, asked: Asked): Answer
}

/** States a question. */
export function question<Answer, Asked = undefined>(
  name: string,
  answer: (here: AskedWorker, asked: Asked) => Answer,
): Question<Asked, Answer> {
  return { name, answer }
}

/** A worker, as far as it can be asked about. */
export interface AskedWorker {
  readonly gateway: Gateway
  readonly clock: Clock
}

/** What one worker answered. */
export interface Surveyed<Answer> {
  readonly worker: number
  readonly answer: Answer
}

/** What is asked, where a question asks about something. */
export type About<Asked> = Asked extends undefined ? [] : [asked: Asked]

/** Asks all workers that listen; those that end or refuse meanwhile are left out. */
export type Ask = <Asked, Answer>(
  question: Question<Asked, Answer>,
  ...about: About<Asked>
) => Promise<Surveyed<Answer>[]>

/** Asks one worker. */
export type AskOne = <Asked, Answer>(
  question: Question<Asked, Answer>,
  ...about: About<Asked>
) => Promise<Answer>

/** What surveys ask of the supervisor. */
export interface SurveySource {
  readonly config: GatewayConfig
  /** They share their state with those of the workers. */
  readonly upstreams: CompiledUpstreams
  /** Those of this thread, which share what is shared. */
  readonly rateLimits: RateLimitStores
  readonly checks: HealthChecks
  /** Where the endpoints of an upstream come from, in their order. */
  originsOf(upstream: Upstream): readonly string[]
  /** What is counted in all threads. */
  readonly metrics: MetricRegistry
  readonly ask: Ask
  /** Calls `listener` whenever a worker has just taken the place of another. */
  onSuccessor(listener: (ask: AskOne) => void): void
}
