import type { Certificate } from './certificate.ts'
import { figuresOfRounds, type MeasuredRounds } from './figures-of-rounds.ts'
import type { LoadSide } from './load-side.ts'
import type { Measurement } from './load/job.ts'
import type { Cores } from './machine.ts'
import type { Options } from './options.ts'
import type { Peer } from './peers/peer.ts'
import { type RunningPeer, startPeer } from './peers/start.ts'
import type { LeftOut, WorkloadResult } from './results.ts'
import type { Contender, Workload } from './workloads/workload.ts'

/** What all workloads of a run share. */
export interface RunSetting {
  options: Options
  cores: Cores
  load: LoadSide
  folder: string
  certificate: Certificate | undefined
  /** Told of each cell: what it is before it starts, and its first figure after. */
  progress: { start: (what: string) => void; done: (outcome: string) => void }
  /** Collects who did not take part, or not to the end. */
  leftOut: LeftOut[]
}

/** A contender during the rounds. A stopped one takes no further part. */
interface Entry {
  contender: Contender
  rounds: (Measurement | undefined)[]
  running?: RunningPeer
  stopped: boolean
}

/** The contenders of a workload: those of the peers that can do it. */
export function contendersOf(workload: Workload, peers: readonly Peer[]): Contender[] {
  return workload.contenders(peers.filter((peer) => peer.tls || !workload.tls))
}

/**
 * Runs a workload: all its contenders are started, then each round measures every one of them in turn, so that
 * whatever slows the machine down for a while hits all alike. Those that wait have nothing to do.
 */
export async function runWorkload(
  workload: Workload,
  peers: readonly Peer[],
  setting: RunSetting,
): Promise<WorkloadResult> {
  const entries = contendersOf(workload, peers).map(
    (contender): Entry => ({ contender, rounds: [], stopped: false }),
  )
  try {
    for (let round = 0; round < setting.options.rounds; round++) {
      for (const entry of entries) await measureEntry(workload, entry, round, setting)
    }
  } finally {
    await Promise.all(entries.map((entry) => stopEntry(entry)))
  }
  const measured = entries.map(({ contender, rounds }): MeasuredRounds => ({ name: contender.name, rounds }))
  return figuresOfRounds(workload, measured)
}

async function measureEntry(
  workload: Workload,
  entry: Entry,
  round: number,
  setting: RunSetting,
): Promise<void> {
  entry.rounds[round] = undefined
  const { rounds } = setting.options
  setting.progress.start(`${workload.name}, round ${round + 1} of ${rounds}, ${entry.contender.name}`)
  if (entry.stopped) {
    setting.progress.done('left out')
    return
  }
  try {
    const running = (entry.running ??= await startEntry(workload, entry, setting))
    const measurement = await setting.load.perform(jobFor(workload, entry, running, round, setting))
    const [figure] = workload.figures
    const value = figure?.of(measurement)
    entry.rounds[round] = measurement
    setting.progress.done(`${value?.toPrecision(4)} ${figure?.name}`)
    if (workload.fresh) await stopEntry(entry)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    setting.leftOut.push({
      name: entry.contender.name,
      workload: workload.name,
      why: `round ${round + 1}: ${why}`,
    })
    setting.progress.done(why)
    entry.stopped = true
    await stopEntry(entry)
  }
}

async function startEntry(
  workload: Workload,
  { contender }: Entry,
  setting: RunSetting,
): Promise<RunningPeer> {
  const { certificate, cores, folder, load } = setting
  const { upstream = 'http' } = contender
  const originPort = load.ports[upstream]
  if (originPort === undefined) throw new Error('no `nghttpd` on the path (apt install nghttp2)')
  return startPeer(contender.peer, {
    folder,
    core: cores.proxy,
    originPort,
    h2cOrigin: upstream !== 'http',
    http2: workload.http2 === true,
    routes: contender.routes,
    connections: workload.connections,
    ...(workload.tls && certificate && { tls: certificate }),
  })
}

async function stopEntry(entry: Entry): Promise<void> {
  await entry.running?.stop()
  delete entry.running
}

function jobFor(workload: Workload, entry: Entry, running: RunningPeer, round: number, setting: RunSetting) {
  const { options, certificate, cores } = setting
  // The first load after the start also compiles the proxy's code.
  const first = round === 0 || workload.fresh
  return workload.job(
    {
      target: { port: running.port, ...(workload.tls && certificate && { ca: certificate.cert }) },
      window: {
        warmupSeconds: options.warmup * (first ? 2 : 1),
        seconds: options.seconds,
        proxyPid: running.pid,
      },
      certificate,
      names: entry.contender.names,
      rate: options.rate,
      ownCore: cores.load !== undefined && cores.load !== cores.proxy,
    },
    entry.contender.routes,
  )
}
