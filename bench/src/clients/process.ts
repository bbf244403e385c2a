// One client in a process of its own. Started by start.ts.
import { setTimeout as sleep } from 'node:timers/promises'
import { allClients } from './all.ts'
import type { Calls } from './client.ts'
import type { ClientMeasurement, ClientReply, ClientSetup, ClientTurn } from './job.ts'
import { clientWorkloads, type ClientWorkload } from './workloads.ts'

/** Reads the clock, and what the operating system says that this process has used, in one tick. */
function readings(): { seconds: number; cpuSeconds: number } {
  const { user, system } = process.cpuUsage()
  return { seconds: performance.now() / 1000, cpuSeconds: (user + system) / 1e6 }
}

async function turn(
  calls: Calls,
  { call, concurrency }: ClientWorkload,
  { warmupSeconds, seconds }: ClientTurn,
): Promise<ClientMeasurement> {
  const ended = new AbortController()
  let requests = 0
  let bytes = 0
  const failures: Record<string, number> = {}
  const loop = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        bytes += await call(calls)
        requests++
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error)
        failures[what] = (failures[what] ?? 0) + 1
        await sleep(1)
      }
    }
  }
  const loops = Array.from({ length: concurrency }, loop)
  await sleep(warmupSeconds * 1000)
  const before = { ...readings(), requests, bytes }
  await sleep(seconds * 1000)
  const after = { ...readings(), requests, bytes }
  ended.abort()
  await Promise.all(loops)
  return {
    seconds: after.seconds - before.seconds,
    requests: after.requests - before.requests,
    bytes: after.bytes - before.bytes,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    failures,
  }
}

function reply(message: ClientReply): void {
  process.send?.(message)
}

function named<Item extends { name: string }>(all: readonly Item[], name: string): Item {
  const item = all.find((each) => each.name === name)
  if (item === undefined) throw new Error(`there is no ${name}`)
  return item
}

const setup = JSON.parse(process.argv[2] ?? '') as ClientSetup
const workload = named(clientWorkloads, setup.workload)
const client = named(allClients, setup.client)
const secure = client.protocol === 'h2' && setup.ca !== undefined
const calls = await client.open({
  origin: `${secure ? 'https' : 'http'}://127.0.0.1:${setup.originPort}`,
  ...(secure && { ca: setup.ca }),
  smallPath: '/r0/small',
  largePath: '/r0/10m',
  connections: workload.concurrency,
})

// Without the benchmark there is nothing to do.
process.on('disconnect', () => process.exit(1))
process.on('message', (message: ClientTurn) => {
  void turn(calls, workload, message).then((measured) => reply({ kind: 'done', ...measured }))
})
reply({ kind: 'ready' })
