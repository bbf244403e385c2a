import {
  type Clock,
  type Handler,
  knownOptions,
  type OptionNames,
  ownDeep,
  systemClock,
} from '@headgate/core'
import { JsonAccessLog } from '../features/access-log/access-log.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { GatewayConfigInput } from '../config/input/input.ts'
import { parseConfig } from '../config/parse.ts'
import { GIVEN, readReference } from '../code/code-reference.ts'
import { withoutCode } from '../code/inline-code.ts'
import { giveCode } from '../code/loaded-code.ts'
import { withCode } from '../config/code.ts'
import { readSchemas, withSchemas } from '../config/schemas.ts'
import { variablesOf } from '../settings/prepare/variables.ts'
import { firstFindings } from '../settings/problems/place.ts'
import { formatProblems } from '../settings/problems/format.ts'
import type { ConfigProblem } from '../settings/problems/problem.ts'
import { embeddedSplit, type EmbeddedSplit, received } from './embedded.ts'
import { EmbeddedFiles, embeddedGeo } from './embedded-files.ts'
import { embeddedPurge, type EmbeddedPurge } from './purge.ts'
import type { LogEntry } from '../features/handlers/handler-context.ts'
import { Gateway } from '../gateway.ts'
import type { CloseReport } from '../gateway-options.ts'
import { checkedPolicies, type PlacedPolicy } from '../layers/place.ts'
import { listenerUrl } from '../listen/listener-set.ts'

export interface CreateGatewayOptions {
  /** Takes each line of the access log, a JSON object with a line break. Default: there is none. */
  readonly accessLog?: (line: string) => void
  /** Takes what handlers write into the log, and what they throw. Default: failures go to `console.error`, all else nowhere. */
  readonly log?: (entry: LogEntry) => void
  /** Default: the clock of the machine. */
  readonly clock?: Clock
  /**
   * Policies of your own, for exchanges that a route takes, each in a place of
   * [the order of policies](https://github.com/headgate/headgate/blob/main/docs/configuration.md#the-order-of-policies). Several
   * in one place are met in the order in which they stand here. Default: none.
   */
  readonly policies?: readonly PlacedPolicy[]
}

const OPTIONS: OptionNames<CreateGatewayOptions> = { accessLog: true, log: true, clock: true, policies: true }

/** A gateway inside a program of your own. */
export interface EmbeddedGateway {
  /** Answers an exchange as the gateway would, without a socket: the `transport` of a client, for one. */
  readonly handler: Handler
  /** Binds all listeners and serves. Rejects, with nothing bound, with Node's error of the one that cannot be bound. */
  listen(): Promise<readonly ListeningOn[]>
  /**
   * How a route splits its traffic, to be seen and changed while it serves.
   * @throws TypeError if there is no such route, or it has no split
   */
  split(route: string): EmbeddedSplit
  /**
   * Removes stored responses, or marks them as stale. What is on its way from an upstream meanwhile is not stored.
   * @param wanted one of `url`, `prefix`, `tag`, `route` and `all`: URLs are those that clients ask for
   * @returns how many there were. Rejects with a TypeError if `wanted` is not such a one, there is no such route, or no route has a
   * cache; with the error of the store behind the memory, if that is away: then the purge holds here, and is made up for there
   */
  purge(wanted: EmbeddedPurge): Promise<number>
  /** All that was counted, in the text format of Prometheus. */
  metrics(): string
  /**
   * Stops accepting, lets exchanges in flight finish, and closes everything.
   * @param timeout in milliseconds, for the exchanges; `drain.timeout` of the configuration by default
   */
  close(timeout?: number): Promise<CloseReport>
  /** `close()`, at the end of a block: `await using gateway = await createGateway(…)`. */
  [Symbol.asyncDispose](): Promise<void>
}

export interface ListeningOn {
  /** As `http://127.0.0.1:8080`, or `unix:/path`. */
  readonly url: string
  /** Undefined for a unix socket. */
  readonly port: number | undefined
}

/** A configuration that `createGateway` refused. The message names every mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(`the configuration is not valid:\n${formatProblems(problems, { color: false })}`)
    this.problems = problems
  }
}

/**
 * Makes a gateway that runs in this thread, and resolves once all that it needs is loaded. `workers`, `admin` and `accessLog.path`
 * of the configuration are for `headgate run`: here, they are without effect. Rejects with a ConfigError if the configuration is not
 * valid, and with a TypeError, which says which, if an option is not, or if the configuration is a text.
 * @param config as in a configuration file
 */
export async function createGateway(
  config: GatewayConfigInput,
  options: CreateGatewayOptions = {},
): Promise<EmbeddedGateway> {
  if (typeof config === 'string') throw new TypeError(NO_TEXT)
  const {
    clock = systemClock,
    accessLog,
    log: onLog = failuresAlone,
    policies,
  } = knownOptions('createGateway', options, OPTIONS)
  const stack = policies && { policies: checkedPolicies(policies) }
  const variables = variablesOf(process.cwd(), process.env)
  const { input, code } = withoutCode(config, `${GIVEN}${++embeddings}`)
  for (const [text, value] of code) giveCode(readReference(text), value)
  const result = ownDeep(parseConfig(input, { variables }))
  if (!result.ok) throw new ConfigError(result.problems)
  const folder = process.cwd()
  const schemas = await readSchemas(input, folder)
  const known =
    schemas !== undefined && schemas.findings.length > 0
      ? { config: result.config, findings: schemas.findings }
      : withSchemas(result.config, schemas, folder)
  const { config: checked, findings: ofCode } = await withCode(known.config, folder)
  const findings = [...known.findings, ...ofCode]
  if (findings.length > 0) throw new ConfigError(firstFindings(findings, { written: config, places: [] }, {}))
  const { geo } = checked
  const files = embeddedGeo(geo)
  if ('message' in files) throw new ConfigError([files])
  const log = accessLog && {
    accessLog: new JsonAccessLog({ write: guarded(accessLog) }, clock, recordedFields(checked)),
  }
  const gateway = new Gateway(checked, { clock, onLog, geo: files, ...log, ...(stack && { stack }) })
  const watched = new EmbeddedFiles(gateway, checked, files, clock)
  const embedded: EmbeddedGateway = {
    handler: received(gateway.handler),
    async listen() {
      const listeners = await gateway.listen()
      return listeners.map(({ config, port }) => ({ url: listenerUrl(config, port), port }))
    },
    split: (route) => embeddedSplit(gateway.snapshot.splits, route),
    purge: (wanted) => embeddedPurge(gateway, wanted, clock.wallTime()),
    metrics() {
      gateway.sample()
      return gateway.metrics.render()
    },
    close(timeout) {
      watched.stop()
      return gateway.close(timeout)
    },
    async [Symbol.asyncDispose]() {
      await embedded.close()
    },
  }
  return embedded
}

function failuresAlone({ level, message }: LogEntry): void {
  if (level === 'error') console.error(message)
}

/** Code of one gateway is not that of another. */
let embeddings = 0

const NO_TEXT =
  'createGateway takes a configuration, such as { routes: [{ upstream: "http://127.0.0.1:9000" }] }, and no text: a file is run by "headgate run --config FILE"'

/** Those that its lines record. */
function recordedFields({ accessLog }: GatewayConfig): readonly string[] {
  return accessLog === false ? [] : accessLog.headers
}

/** A log that throws costs its line, and is reported once: the exchange was answered. */
function guarded(write: (line: string) => void): (line: string) => void {
  let reported = false
  return (line) => {
    try {
      write(line)
    } catch (thrown) {
      if (reported) return
      reported = true
      const reason = thrown instanceof Error ? thrown.message : `a ${typeof thrown} was thrown`
      process.emitWarning(
        `accessLog of createGateway fails, and lines are lost: ${reason}`,
        'HeadgateWarning',
      )
    }
  }
}
