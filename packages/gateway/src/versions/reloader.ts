import { createHash } from 'node:crypto'
import type { Clock } from '@headgate/core'
import type { GatewayConfig } from '../config/types/config.ts'
import type { LoadResult } from '../config/load.ts'
import { checkInput } from '../config/load.ts'
import type { ConfigProblem } from '../config/problems/problem.ts'
import { type FileDigests, fileDigests } from '../identity.ts'
import { type StartFailure, startFailure } from '../workers/start-failure.ts'
import { type Changes, changesBetween, withoutRestart } from './changes.ts'
import type { Version, VersionFacts, VersionHistory, VersionOrigin } from './history.ts'
import { describeChanges } from './report.ts'

/** Where a configuration comes from. */
export interface ConfigurationSource {
  /** For people. */
  readonly name: string
  /** Where relative paths start. */
  readonly folder: string
  read(): Promise<LoadResult>
}

/** Who wants a change, and on what terms. */
export interface ChangeOrder {
  readonly origin: VersionOrigin
  readonly author?: string | undefined
  /** Only if this is the hash of what is in force. */
  readonly ifHash?: string | undefined
  /** Says what would change, and changes nothing. */
  readonly dryRun?: boolean
}

/** What came of it. */
export type ChangeOutcome =
  | {
      readonly kind: 'applied'
      readonly version: VersionFacts
      readonly changes: Changes
      readonly summary: string
    }
  | { readonly kind: 'unchanged'; readonly version: VersionFacts }
  | { readonly kind: 'possible'; readonly changes: Changes; readonly summary: string }
  /** Mistakes in it. */
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] }
  /** It could not be put in force. */
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  /** Another one is in force than the caller thinks. */
  | { readonly kind: 'conflict'; readonly version: VersionFacts }
  | { readonly kind: 'unknown-version' }

/** What the reloader asks of the supervisor. */
export interface Target {
  readonly config: GatewayConfig
  readonly files: FileDigests
  tryOut(config: GatewayConfig): void
  apply(config: GatewayConfig): Promise<void>
}

/** Puts configurations in force, one after the other, whoever wants it, and remembers them. */
export class Reloader {
  private readonly target: Target
  private readonly history: VersionHistory
  private readonly source: ConfigurationSource
  private readonly clock: Clock
  private readonly told: (order: ChangeOrder, outcome: ChangeOutcome) => void
  private running: Promise<unknown> = Promise.resolve()
  private inForce: Version
  /** What was at the source when it was put in force last. */
  private taken: string | undefined

  /** @param input what the target was started with */
  constructor(
    target: Target,
    history: VersionHistory,
    source: ConfigurationSource,
    input: unknown,
    clock: Clock,
    told: (order: ChangeOrder, outcome: ChangeOutcome) => void,
  ) {
    this.target = target
    this.history = history
    this.source = source
    this.clock = clock
    this.told = told
    this.taken = JSON.stringify(input)
    const hash = hashOf(target.config, target.files)
    const { last } = history
    // After a restart with the same: that is no change.
    this.inForce =
      last?.hash === hash
        ? last
        : this.remember({ origin: 'start' }, hash, `started from ${source.name}`, input)
  }

  get version(): Version {
    return this.inForce
  }

  get versions(): readonly Version[] {
    return this.history.all
  }

  /** What is at the source now. */
  reload(order: ChangeOrder): Promise<ChangeOutcome> {
    return this.inTurn(order, async () => {
      const loaded = await this.source.read()
      const content = loaded.ok ? JSON.stringify(loaded.input) : undefined
      // Somebody was faster than the watch of the file, and may have changed something since.
      const isTaken = order.origin === 'file' && content !== undefined && content === this.taken
      if (isTaken) return { kind: 'unchanged', version: this.inForce }
      const outcome = await this.change(loaded, order)
      if (outcome.kind === 'applied' || outcome.kind === 'unchanged') this.taken = content
      return outcome
    })
  }

  /** What is handed over. */
  apply(input: unknown, order: ChangeOrder): Promise<ChangeOutcome> {
    return this.inTurn(order, async () => this.change(await checkInput(input, this.source.folder), order))
  }

  /** What was in force before. */
  rollback(id: number, order: ChangeOrder): Promise<ChangeOutcome> {
    return this.inTurn(order, async () => {
      const version = this.history.find(id)
      if (version === undefined) return { kind: 'unknown-version' }
      return this.change(
        await checkInput(version.input, version.folder, { file: `version ${id}` }),
        order,
        version.folder,
      )
    })
  }

  private inTurn(order: ChangeOrder, change: () => Promise<ChangeOutcome>): Promise<ChangeOutcome> {
    const done = this.running.then(async () => {
      const { ifHash } = order
      const isCurrent = ifHash === undefined || ifHash === this.inForce.hash
      const outcome: ChangeOutcome = isCurrent ? await change() : { kind: 'conflict', version: this.inForce }
      if (order.dryRun !== true) this.told(order, outcome)
      return outcome
    })
    this.running = done.catch(() => {})
    return done
  }

  private async change(
    loaded: LoadResult,
    order: ChangeOrder,
    folder = this.source.folder,
  ): Promise<ChangeOutcome> {
    if (!loaded.ok) return { kind: 'invalid', problems: loaded.problems }
    const { config: wanted, input } = loaded
    const files = fileDigests(wanted)
    const hash = hashOf(wanted, files)
    if (hash === this.inForce.hash) return { kind: 'unchanged', version: this.inForce }
    const { config, files: before } = this.target
    const changes = changesBetween({ config, files: before }, { config: wanted, files })
    const summary = describeChanges(changes)
    const possible = withoutRestart(wanted, config)
    try {
      if (order.dryRun === true) {
        this.target.tryOut(possible)
        return { kind: 'possible', changes, summary }
      }
      await this.target.apply(possible)
    } catch (error) {
      return { kind: 'failed', failure: startFailure(error) }
    }
    this.inForce = this.remember(order, hash, summary, input, folder)
    return { kind: 'applied', version: this.inForce, changes, summary }
  }

  private remember(
    { origin, author }: ChangeOrder,
    hash: string,
    summary: string,
    input: unknown,
    folder = this.source.folder,
  ): Version {
    const time = new Date(this.clock.wallTime()).toISOString()
    return this.history.add({
      hash,
      time,
      origin,
      ...(author !== undefined && { author }),
      summary,
      input,
      folder,
    })
  }
}

function hashOf(config: GatewayConfig, files: FileDigests): string {
  const text = JSON.stringify([config, [...files].sort(([one], [other]) => (one < other ? -1 : 1))])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
