import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ChildRequest, Usage } from './gateway-child.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'

/** A gateway in a process of its own, until the test is over. */
export interface GatewayProcess {
  readonly url: string
  readonly port: number
  usage(): Promise<Usage>
  /** As `/metrics` of the admin API has them. */
  metrics(): Promise<string>
}

/** @param options of `node` */
export async function forkGateway(
  t: TestContext,
  config: Omit<GatewayConfigInput, 'listeners'>,
  options: readonly string[] = [],
): Promise<GatewayProcess> {
  const child = fork(join(import.meta.dirname, 'gateway-child.ts'), { execArgv: [...options] })
  t.after(() => child.kill('SIGKILL'))
  const listening = await tell(child, { config: { listeners: [{ address: '127.0.0.1:0' }], ...config } })
  const { port } = listening as { readonly port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    usage: async () => (await tell(child, 'usage')) as Usage,
    metrics: async () => (await tell(child, 'metrics')) as string,
  }
}

/** Resolves with its answer; rejects if it ends before. */
async function tell(child: ChildProcess, request: ChildRequest): Promise<unknown> {
  const settled = new AbortController()
  const { signal } = settled
  const died = once(child, 'exit', { signal }).then(([code, by]) => {
    throw new Error(`the gateway's process ended: code ${String(code)}, signal ${String(by)}`)
  })
  child.send(request)
  try {
    const [answer] = (await Promise.race([once(child, 'message', { signal }), died])) as [unknown]
    return answer
  } finally {
    died.catch(() => {}) // the wait for it is called off
    settled.abort()
  }
}
