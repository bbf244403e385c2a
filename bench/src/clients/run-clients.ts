import { figuresOfRounds } from '../figures-of-rounds.ts'
import type { Measurement } from '../load/job.ts'
import type { RunSetting } from '../run-workload.ts'
import type { WorkloadResult } from '../results.ts'
import type { Client } from './client.ts'
import type { ClientSetup } from './job.ts'
import { type RunningClient, startClient } from './start.ts'
import type { ClientWorkload } from './workloads.ts'

/** A client during the rounds. */
interface Entry {
  client: Client
  rounds: (Measurement | undefined)[]
  running?: RunningClient
  stopped: boolean
}

/** Runs a workload: each round measures every client in turn; those that wait have nothing to do. */
export async function runClients(
  workload: ClientWorkload,
  clients: readonly Client[],
  setting: RunSetting,
): Promise<WorkloadResult> {
  const entries = workload
    .contenders(clients)
    .map((client): Entry => ({ client, rounds: [], stopped: false }))
  try {
    for (let round = 0; round < setting.options.rounds; round++) {
      for (const entry of entries) await measureEntry(workload, entry, round, setting)
    }
  } finally {
    await Promise.all(entries.map(async ({ running }) => running?.stop()))
  }
  const measured = entries.map(({ client: { name }, rounds }) => ({ name, rounds }))
  return { ...figuresOfRounds(workload, measured), subject: 'client' }
}

async function measureEntry(
  workload: ClientWorkload,
  entry: Entry,
  round: number,
  setting: RunSetting,
): Promise<void> {
  entry.rounds[round] = undefined
  const { cores, options, progress } = setting
  const { name } = entry.client
  progress.start(`${workload.name}, round ${round + 1} of ${options.rounds}, ${name}`)
  if (entry.stopped) return progress.done('left out')
  try {
    entry.running ??= await startClient(setupOf(workload, entry.client, setting), cores.proxy)
    const measurement = await measure(entry.running, round, setting)
    entry.rounds[round] = measurement
    const [figure] = workload.figures
    progress.done(`${figure?.of(measurement).toPrecision(4)} ${figure?.name}`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    setting.leftOut.push({ name, workload: workload.name, why: `round ${round + 1}: ${why}` })
    progress.done(why)
    entry.stopped = true
    await entry.running?.stop()
    delete entry.running
  }
}

function setupOf(
  workload: ClientWorkload,
  { name, protocol = 'http' }: Client,
  { load, certificate }: RunSetting,
): ClientSetup {
  const originPort = load.ports[protocol]
  if (originPort === undefined)
    throw new Error(
      `no service for ${protocol}: it takes \`nghttpd\` (apt install nghttp2), and \`openssl\` for TLS`,
    )
  return { client: name, workload: workload.name, originPort, ...(certificate && { ca: certificate.cert }) }
}

/** The client counts for itself; the load side, which is only asked, tells what it used meanwhile. */
async function measure(
  running: RunningClient,
  round: number,
  { load, options }: RunSetting,
): Promise<Measurement> {
  // The first load after the start also compiles the client's code.
  const window = { warmupSeconds: options.warmup * (round === 0 ? 2 : 1), seconds: options.seconds }
  const [own, watched] = await Promise.all([
    running.turn(window),
    load.perform({ kind: 'watch', target: { port: load.ports.http }, window }),
  ])
  const { seconds, requests, bytes, cpuSeconds, failures } = own
  if (requests === 0) throw new Error(`no request was answered: ${Object.keys(failures).join(', ')}`)
  return { ...watched, seconds, requests, bytes, failures, proxyCpuSeconds: cpuSeconds }
}
