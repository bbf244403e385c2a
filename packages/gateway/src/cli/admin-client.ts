import { userInfo } from 'node:os'
import { type ClientOptions, createClient } from '@headgate/client'
import { TrafficError, Upstream } from '@headgate/core'
import { readToken } from '../admin/token.ts'
import type { AdminConfig } from '../config/types/config.ts'
import { findConfig } from '../config/find-config.ts'
import { loadConfig } from '../config/load.ts'
import { type Address, formatAddress, parseAddress } from '../config/values/address.ts'
import { type CliOption, type CliValues, CONFIG_OPTION } from './command.ts'

/** The longest wait for an answer. Milliseconds. */
const TIMEOUT = 30_000
const TOKEN_VARIABLE = 'HEADGATE_ADMIN_TOKEN'

/** Where it is. */
export const ADMIN_OPTION: CliOption = {
  flags: '--admin <address>',
  about: `where the gateway answers; left out, admin.address of the configuration, else 127.0.0.1:9901. A token is taken from ${TOKEN_VARIABLE}, else from admin.token of the configuration`,
}

/** For commands that ask a running gateway. */
export const ADMIN_OPTIONS: readonly CliOption[] = [ADMIN_OPTION, CONFIG_OPTION]

/** The gateway could not be asked, or refused; the message says what to do. */
export class AdminError extends Error {
  override readonly name = 'AdminError'
}

/** Asks a running gateway. */
export class AdminClient {
  private readonly address: Address
  private readonly token: string | undefined

  constructor(address: Address, token: string | undefined) {
    this.address = address
    this.token = token
  }

  /** The answer as JSON. Rejects with an AdminError for any that is no success. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    return parse(await this.text(method, path, body))
  }

  /** The answer as it is. Rejects as `call` does. */
  async text(method: string, path: string, sent?: unknown): Promise<string> {
    const { status, body } = await this.send(method, path, sent)
    if (status >= 200 && status < 300) return body
    const detail = (parse(body) as { detail?: unknown } | undefined)?.detail
    throw new AdminError(typeof detail === 'string' ? detail : `the gateway answered with ${status}`)
  }

  private async send(method: string, path: string, json: unknown): Promise<{ status: number; body: string }> {
    const { address } = this
    const socket = address.kind === 'unix' ? socketUpstream(address.path) : undefined
    const client = createClient({ ...this.options(), ...(socket && { transport: socket.handler }) })
    try {
      const body = json === undefined ? undefined : JSON.stringify(json)
      const headers = { 'content-type': 'application/json' }
      const response = await client.fetch(path, { method, ...(body !== undefined && { body, headers }) })
      return { status: response.status, body: await response.text() }
    } catch (thrown) {
      const { message } = TrafficError.from(thrown)
      const place = formatAddress(address)
      throw new AdminError(`no gateway answers at ${place}: ${message}; --admin names another address`)
    } finally {
      // An idle connection would keep the command from ending.
      await client.close({ grace: 0 })
      socket?.destroy()
    }
  }

  /** Nothing is tried twice: whoever typed the command decides on that. */
  private options(): ClientOptions {
    const { address, token } = this
    const place =
      address.kind === 'unix' ? 'localhost' : formatAddress({ ...address, host: reachable(address.host) })
    const headers = {
      'headgate-author': userName(),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
    return {
      preset: 'minimal',
      baseUrl: `http://${place}`,
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
  const configured = file === undefined ? undefined : await adminOf(file, config !== undefined)
  const given = process.env[TOKEN_VARIABLE]
  const token = given ?? tokenOf(configured)
  if (admin === undefined) {
    return new AdminClient(configured?.address ?? { kind: 'tcp', host: '127.0.0.1', port: 9901 }, token)
  }
  const address = parseAddress(admin.replace(/^http:\/\//, '').replace(/\/$/, ''))
  if (!address.ok) throw new AdminError(`--admin ${JSON.stringify(admin)} ${address.problem}`)
  return new AdminClient(address.value, token)
}

async function adminOf(file: string, asked: boolean): Promise<AdminConfig | undefined> {
  const loaded = await loadConfig(file)
  if (loaded.ok) return loaded.config.admin === false ? undefined : loaded.config.admin
  // The gateway runs with the one before.
  if (asked)
    throw new AdminError(`${file} has mistakes ("headgate check" names them); --admin goes without it`)
  return undefined
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

/** Every address of the machine: this one is among them. */
function reachable(host: string): string {
  return host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host
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
