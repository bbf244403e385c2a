import assert from 'node:assert/strict'
import { parseConfig } from '../../src/config/parse.ts'
import { Gateway } from '../../src/gateway.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'

/** What the test may send. */
export type ChildRequest = { readonly config: GatewayConfigInput } | 'usage' | 'metrics'

/** What this process needed so far. */
export interface Usage {
  /** Milliseconds of processor time. */
  readonly cpu: number
  /** The most memory that was ever resident, in bytes. */
  readonly memory: number
  /** The memory that is in use once all garbage is gone, in bytes; undefined without `--expose-gc`. */
  readonly kept: number | undefined
}

let gateway: Gateway | undefined

// A gateway in a process of its own, so that its memory and its time can be told from those of the test.
process.on('message', (request: ChildRequest) => {
  if (request === 'usage') process.send?.(usage())
  else if (request === 'metrics') process.send?.(gateway?.metrics.render())
  else void start(request.config)
})

// The test is over, or it has crashed.
process.on('disconnect', () => process.exit())

async function start(config: GatewayConfigInput): Promise<void> {
  const result = parseConfig(config)
  assert.ok(result.ok, JSON.stringify(result))
  gateway = new Gateway(result.config)
  const [listener] = await gateway.listen()
  process.send?.(listener)
}

function usage(): Usage {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  return { cpu: (userCPUTime + systemCPUTime) / 1000, memory: maxRSS * 1024, kept: kept() }
}

function kept(): number | undefined {
  if (globalThis.gc === undefined) return undefined
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
