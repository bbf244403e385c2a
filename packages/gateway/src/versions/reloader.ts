import { createHash } from 'node:crypto'
import type { Clock } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { writtenCode } from '../config/code.ts'
import { checkInput, type LoadResult } from '../config/load.ts'
import { restoreRedacted } from '../config/restore-redacted.ts'
import type { Locate } from '../settings/read/positions.ts'
import { variablesOf } from '../settings/prepare/variables.ts'
import { fileDigests, type FileDigests } from '../identity.ts'
import { StartError, startFailure } from '../workers/start-failure.ts'
import type { ConfigurationSource } from './configuration-source.ts'
import { changesBetween, withoutRestart } from './changes.ts'
import type { VersionHistory } from './history.ts'
import type { Version } from './version.ts'
import { writtenVersion } from './written-version.ts'
import {
  type ChangeOrder,
  type ChangeOutcome,
  type LastReload,
  type ReloadOrder,
  refusalOf,
} from './outcome.ts'
import { describeChanges } from './report.ts'

/** What the reloader asks of the supervisor. */
export interface Target {
  readonly config: GatewayConfig
  readonly files: FileDigests
  tryOut(config: GatewayConfig): void
  apply(config: GatewayConfig): Promise<void>
  /** For the metrics: what a reading of the source came to. */
  reloaded(successful: boolean): void
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
  private read: LastReload

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
    this.taken = contentOf(input, target.config)
    const hash = hashOf(target.config, target.files)
    const { last } = history
    // After a restart with the same: that is no change.
    this.inForce =
      last?.hash === hash
        ? last
        : this.remember({ origin: 'start' }, hash, `started from ${source.name}`, input)
    this.read = { successful: true, time: this.now(), origin: 'start' }
    target.reloaded(true)
  }

  /** How the source was when it was read last. */
  get lastReload(): LastReload {
    return this.read
  }

  get version(): Version {
    return this.inForce
  }

  get versions(): readonly Version[] {
    return this.history.all
  }

  /** What is at the source now. */
  reload(order: ReloadOrder): Promise<ChangeOutcome> {
    const reload = async (): Promise<ChangeOutcome> => {
      const loaded = await attempt('read', () => this.source.read())
      const content = loaded.ok ? contentOf(loaded.input, loaded.config) : undefined
      // Somebody was faster than the watch of the file, and may have changed something since.
      const isTaken = order.origin === 'file' && content !== undefined && content === this.taken
      if (isTaken) return { kind: 'unchanged', version: this.inForce }
      const outcome = await this.change(loaded, order)
      if (outcome.kind === 'applied' || outcome.kind === 'unchanged') this.taken = content
      return outcome
    }
    return this.inTurn(order, reload, (outcome) => this.reloaded(order, outcome))
  }

  /**
   * What is handed over.
   * @param locate tells where its values stand in the text that it was read from
   */
  apply(input: unknown, order: ChangeOrder, locate?: Locate): Promise<ChangeOutcome> {
    const check = (): Promise<LoadResult> => {
      const { whole, shown } = writtenVersion(this.inForce)
      // What was shown in place of secrets stands for those in force, and a variable where it stands there for its value.
      const { input: restored, isInForce } = restoreRedacted(input, whole, shown)
      const known = writtenCode(this.target.config)
      return checkInput(restored, this.source.folder, {
        variables: variablesOf(this.source.folder, process.env),
        mayHoldVariables: isInForce,
        mayRun: (code) => known.has(code),
        ...(locate !== undefined && { locate }),
      })
    }
    return this.inTurn(order, async () => this.change(await attempt('checked', check), order))
  }

  /** What was in force before. */
  rollback(id: number, order: ChangeOrder): Promise<ChangeOutcome> {
    return this.inTurn(order, async () => {
      const version = this.history.find(id)
      if (version === undefined) return { kind: 'unknown-version' }
      return this.change(
        await attempt('checked', () =>
          checkInput(version.input, version.folder, {
            file: `version ${id}`,
            variables: variablesOf(version.folder, process.env),
          }),
        ),
        order,
        version.folder,
      )
    })
  }

  /**
   * Never rejects: whatever is thrown on the way is a refusal like any other, with its reason, and the next one has its turn.
   * @param after told of the outcome first, unless it was a dry run
   */
  private inTurn(
    order: ChangeOrder,
    change: () => Promise<ChangeOutcome>,
    after: (outcome: ChangeOutcome) => void = () => {},
  ): Promise<ChangeOutcome> {
    const done = this.running.then(async () => {
      const outcome = await this.outcomeOf(order, change)
      if (order.dryRun === true) return outcome
      after(outcome)
      try {
        this.told(order, outcome)
      } catch {
        // Whoever keeps the record cannot: what is in force is in force all the same.
      }
      return outcome
    })
    this.running = done
    return done
  }

  private async outcomeOf(
    { ifHash }: ChangeOrder,
    change: () => Promise<ChangeOutcome>,
  ): Promise<ChangeOutcome> {
    if (ifHash !== undefined && ifHash !== this.inForce.hash)
      return { kind: 'conflict', version: this.inForce }
    try {
      return await change()
    } catch (error) {
      return { kind: 'failed', failure: startFailure(error) }
    }
  }

  private reloaded({ origin, author }: ReloadOrder, outcome: ChangeOutcome): void {
    const reason = refusalOf(outcome)
    if (outcome.kind === 'conflict') return
    const successful = reason === undefined
    const by = author === undefined ? { origin } : { origin, author }
    this.read = { successful, time: this.now(), ...by, ...(reason !== undefined && { reason }) }
    this.target.reloaded(successful)
  }

  private now(): string {
    return new Date(this.clock.wallTime()).toISOString()
  }

  private async change(
    loaded: LoadResult,
    order: ChangeOrder,
    folder = this.source.folder,
  ): Promise<ChangeOutcome> {
    if (!loaded.ok) return { kind: 'invalid', problems: loaded.problems }
    const { config: wanted, input } = loaded
    const { files, hash } = await attempt('compared', () => {
      const digests = fileDigests(wanted)
      return { files: digests, hash: hashOf(wanted, digests) }
    })
    if (hash === this.inForce.hash) return { kind: 'unchanged', version: this.inForce }
    const { config, files: before } = this.target
    const { changes, summary } = await attempt('compared', () => {
      const found = changesBetween({ config, files: before }, { config: wanted, files })
      return { changes: found, summary: describeChanges(found) }
    })
    const possible = withoutRestart(wanted, config)
    if (order.dryRun === true) {
      this.target.tryOut(possible)
      return { kind: 'possible', changes, summary }
    }
    await this.target.apply(possible)
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
    return this.history.add({
      hash,
      time: this.now(),
      origin,
      ...(author !== undefined && { author }),
      summary,
      input,
      folder,
    })
  }
}

/** What is thrown there by something that nobody expected to throw says at least where it was. */
async function attempt<Result>(
  step: 'read' | 'checked' | 'compared',
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const failure = startFailure(error)
    throw new StartError({ ...failure, message: `it could not be ${step}: ${failure.message}` })
  }
}

/** What was written, and what it came to: the files that hold values of its variables may be others. */
function contentOf(input: unknown, config: GatewayConfig): string {
  return createHash('sha256')
    .update(JSON.stringify([input, config]))
    .digest('base64')
}

function hashOf(config: GatewayConfig, files: FileDigests): string {
  const text = JSON.stringify([config, [...files].sort(([one], [other]) => (one < other ? -1 : 1))])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
