import { createGateway } from '../../src/embedding/create-gateway.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'

/** What the test may send. */
export type ChildRequest = { readonly config: GatewayConfigInput } | 'usage'

/** What this process needed so far. */
export interface Usage {
  /** Milliseconds of processor time. */
  readonly cpu: number
  /** The most memory that was ever resident, in bytes. */
  readonly memory: number
}

// A gateway in a process of its own, so that its memory and its time can be told from those of the test.
process.on('message', (request: ChildRequest) => {
  if (request === 'usage') process.send?.(usage())
  else void start(request.config)
})

// The test is over, or it has crashed.
process.on('disconnect', () => process.exit())

async function start(config: GatewayConfigInput): Promise<void> {
  const [listener] = await (await createGateway(config)).listen()
  process.send?.(listener)
}

function usage(): Usage {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  return { cpu: (userCPUTime + systemCPUTime) / 1000, memory: maxRSS * 1024 }
}
