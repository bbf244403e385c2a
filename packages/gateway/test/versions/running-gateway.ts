import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

/** A gateway with a file that can be changed. */
export interface ChangingGateway {
  readonly process: TestProcess
  readonly url: string
  readonly admin: string
  readonly cwd: string
  /** Puts another configuration in the file's place, as editors do. */
  write(config: unknown): void
  /** A call of the admin API, its answer read as JSON. */
  call(method: string, path: string, options?: CallOptions): Promise<CallAnswer>
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface CallAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

const COMMON = {
  workers: 2,
  listeners: [{ address: '127.0.0.1:0' }],
  admin: { address: '127.0.0.1:0' },
  accessLog: false,
  drain: { timeout: '5s' },
}

/** With what every configuration of a test has in common. */
export function configWith(more: Record<string, unknown>): Record<string, unknown> {
  return { ...COMMON, ...more }
}

/** Runs `headgate run` with a file; `env` is added to its environment. `limit`: milliseconds that it may live. */
export async function startChanging(
  config: unknown,
  env: Readonly<Record<string, string>> = {},
  cwd: string = folder(),
  limit?: number,
): Promise<ChangingGateway> {
  const file = join(cwd, 'headgate.json')
  const write = (next: unknown): void => {
    writeFileSync(`${file}.new`, typeof next === 'string' ? next : JSON.stringify(next))
    renameSync(`${file}.new`, file)
  }
  write(config)
  const running = new TestProcess(process.execPath, [HEADGATE, 'run'], {
    cwd,
    env: { XDG_STATE_HOME: join(cwd, 'state'), ...env },
    ...(limit !== undefined && { limit }),
  })
  await running.print(/ready: version/)
  const [, url = ''] = await running.print(/"url":"(http[^"]+)"/)
  const [, admin = ''] = await running.print(/"admin":"(http[^"]+)"/)
  const call = async (method: string, path: string, options: CallOptions = {}): Promise<CallAnswer> => {
    const { body, headers } = options
    const response = await fetch(`${admin}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const answer = (await response.json()) as Record<string, unknown>
    return { status: response.status, headers: response.headers, body: answer }
  }
  return { process: running, url, admin, cwd, write, call }
}
