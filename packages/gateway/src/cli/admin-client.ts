import { userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'
import { type ClientOptions, createClient } from '@headgate/client'
import { Upstream } from '@headgate/core'
import { readToken } from '../admin/access.ts'
import { resolveFiles } from '../config/files.ts'
import { loadConfig, readInput } from '../config/load.ts'
import { type AdminConfig, applySchema } from '../config/schema/schema.ts'
import { addressUrl } from '../listen/listener-set.ts'
import { findConfig } from '../settings/read/read-text.ts'
import { type Address, formatAddress, parseAddress } from '../settings/values/address.ts'
import { newestVersion } from '../versions/newest-version.ts'
import { stateDirectory } from '../versions/state-directory.ts'
import { type CliOption, type CliValues, CONFIG_OPTION, JSON_OPTION } from './command.ts'

/** Where the gateway of a configuration file answers, and how that was found out. */
interface AdminPlace {
  /** Undefined: the configuration names none, or nobody knows. */
  readonly admin: AdminConfig | undefined
  /** For whoever finds nobody there; undefined where the file says it. */
  readonly hint?: string
}

/**
 * A file with mistakes is when a running gateway is asked most: what is wrong elsewhere in it does not matter, and where its
 * section `admin` cannot be read, the last version that was put in force has one.
 */
async function adminPlace(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<AdminPlace> {
  const loaded = await quietly(() => loadConfig(file))
  if (loaded?.ok === true) return { admin: adminOf(loaded.config.admin) }
  const input = await quietly(() => readInput(file))
  const own =
    typeof input === 'object' && input !== null
      ? adminFrom(Reflect.get(input, 'admin'), dirname(resolve(file)))
      : undefined
  if (own !== undefined) return { admin: own.admin, hint: `${file} has mistakes, but not there` }
  const version = await quietly(() => newestVersion(stateDirectory(file, env)))
  if (version === undefined) return { admin: undefined, hint: `${file} has mistakes, and no version is kept` }
  const admin = adminFrom(Reflect.get(Object(version.input), 'admin'), version.folder)?.admin
  return { admin, hint: `as version ${version.id} says, since ${file} has mistakes` }
}

/** The section alone, as if all else were in order; undefined if it is not itself. */
function adminFrom(
  written: unknown,
  folder: string,
): { readonly admin: AdminConfig | undefined } | undefined {
  const read = applySchema({ admin: written, routes: [{ respond: {} }] })
  return read.ok ? { admin: adminOf(resolveFiles(read.config, folder).admin) } : undefined
}

function adminOf(admin: AdminConfig | false): AdminConfig | undefined {
  return admin === false ? undefined : admin
}

/** Whatever is wrong with the file, these commands go on. */
async function quietly<Result>(read: () => Result | Promise<Result>): Promise<Result | undefined> {
  try {
    return await read()
  } catch {
    return undefined
  }
}

/** The longest wait for an answer. Milliseconds. */
const TIMEOUT = 30_000
const TOKEN_VARIABLE = 'HEADGATE_ADMIN_TOKEN'
const ADDRESS_VARIABLE = 'HEADGATE_ADMIN'
const DEFAULT_ADDRESS: Address = { kind: 'tcp', host: '127.0.0.1', port: 9901 }

/** Where it is. */
export const ADMIN_OPTION: CliOption = {
  flags: '--admin <address>',
  about: `where the gateway answers; left out, ${ADDRESS_VARIABLE} of the environment, else admin.address of the configuration (of the last version, where the file cannot be read), else 127.0.0.1:9901. A token is taken from ${TOKEN_VARIABLE}, else from admin.token of the configuration`,
}

/** For commands that ask a running gateway. */
export const ADMIN_OPTIONS: readonly CliOption[] = [ADMIN_OPTION, CONFIG_OPTION, JSON_OPTION]

/** The gateway could not be asked, or refused; the message says what to do. */
export class AdminError extends Error {
  override readonly name = 'AdminError'
}

/** Asks a running gateway. */
export class AdminClient {
  private readonly address: Address
  private readonly token: string | undefined
  private readonly hint: string | undefined

  /** @param hint how the address was found out, for whoever finds nobody there */
  constructor(address: Address, token: string | undefined, hint?: string) {
    this.address = address
    this.token = token
    this.hint = hint
  }

  /** The answer, an object; null where it is empty. Rejects with an AdminError for any that is no success, or no object. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const text = await this.text(method, path, body)
    const answer = text === '' ? null : parse(text)
    if (typeof answer !== 'object' || Array.isArray(answer))
      throw new AdminError(
        `what answers at ${this.place} is no gateway, or another release: no JSON object came`,
      )
    return answer
  }

  /** The answer as it is. Rejects as `call` does. */
  async text(method: string, path: string, sent?: unknown): Promise<string> {
    const { status, body } = await this.send(method, path, sent)
    if (status >= 200 && status < 300) return body
    const detail = (parse(body) as { detail?: unknown } | null | undefined)?.detail
    throw new AdminError(
      typeof detail === 'string' ? inCommands(detail) : `the gateway answered with ${status}`,
    )
  }

  private async send(method: string, path: string, json: unknown): Promise<{ status: number; body: string }> {
    const { address } = this
    const socket = address.kind === 'unix' ? socketUpstream(address.path) : undefined
    const client = createClient({ ...this.options(), ...(socket && { transport: socket.handler }) })
    try {
      const body = json === undefined ? undefined : JSON.stringify(json)
      const headers = { 'content-type': 'application/json' }
      const init = { method, ...(body !== undefined && { body, headers }) }
      const answer = client
        .fetch(path, init)
        .then(async (response) => ({ status: response.status, body: await response.text() }))
      const { value, error } = await client.attempt(answer)
      if (value !== undefined) return value
      throw new AdminError(
        `no gateway answers at ${this.place}: ${error.message}; --admin names another address`,
      )
    } finally {
      // An idle connection would keep the command from ending.
      await client.close({ grace: 0 })
      socket?.destroy()
    }
  }

  /** Where it is, and how that was found out. */
  private get place(): string {
    return `${formatAddress(this.address)}${this.hint === undefined ? '' : ` (${this.hint})`}`
  }

  /** Nothing is tried twice: whoever typed the command decides on that. */
  private options(): ClientOptions {
    const { address, token } = this
    const headers = {
      'headgate-author': userName(),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
    return {
      preset: 'minimal',
      baseUrl: address.kind === 'unix' ? 'http://localhost' : addressUrl('http', address),
      redirect: false,
      timeout: TIMEOUT,
      headers,
      tracing: false,
    }
  }
}

function socketUpstream(path: string): Upstream {
  return new Upstream({ name: 'admin', endpoints: [{ url: `unix:${path}` }] })
}

/** Rejects with an AdminError if what was given makes no sense. */
export async function adminClient({ admin, config }: CliValues): Promise<AdminClient> {
  const file = config ?? (await findConfig(process.cwd()))?.file
  const place: AdminPlace = file === undefined ? { admin: undefined } : await adminPlace(file, process.env)
  const configured = place.admin
  const [asked, name] =
    admin === undefined ? [process.env[ADDRESS_VARIABLE], ADDRESS_VARIABLE] : [admin, '--admin']
  const token = process.env[TOKEN_VARIABLE] ?? tokenOf(configured)
  if (asked === undefined || asked === '')
    return new AdminClient(configured?.address ?? DEFAULT_ADDRESS, token, place.hint)
  const address = parseAddress(asked.replace(/^http:\/\//, '').replace(/\/$/, ''))
  if (!address.ok) throw new AdminError(`${name} ${JSON.stringify(asked)} ${address.problem}`)
  return new AdminClient(address.value, token)
}

function tokenOf(admin: AdminConfig | undefined): string | undefined {
  try {
    return readToken(admin?.token, process.env)
  } catch (error) {
    throw new AdminError(
      `${error instanceof Error ? error.message : String(error)}; or set ${TOKEN_VARIABLE}`,
    )
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}

/** What the admin API tells its callers to call, and the command that does it. */
const COMMANDS: readonly (readonly [call: RegExp, command: string])[] = [
  [/GET \/upstreams\b(?:\/\{upstream\})?/g, '"headgate upstreams"'],
  [/GET \/versions\b/g, '"headgate versions"'],
  [/GET \/rate-limits\b/g, '"headgate limits"'],
  [/GET \/breakers\b/g, '"headgate breakers"'],
  [/GET \/concurrency\b/g, '"headgate limits"'],
  [/GET \/routes\b/g, '"headgate routes"'],
  [/GET \/status\b/g, '"headgate status"'],
  [/POST \/reload\b/g, '"headgate reload"'],
  [/POST \/health-checks\/resume\b/g, '"headgate checks resume" goes on with them'],
]

/** The same for whoever typed a command. */
function inCommands(detail: string): string {
  return COMMANDS.reduce((text, [call, command]) => text.replaceAll(call, command), detail)
}
