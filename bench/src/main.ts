// npm run bench: measures Headgate and other proxies in turn, and prints what a CPU-second buys in each.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Certificate, makeCertificate } from './certificate.ts'
import type { Client } from './clients/client.ts'
import { goalsOf } from './goals.ts'
import { runClients } from './clients/run-clients.ts'
import type { ClientWorkload } from './clients/workloads.ts'
import { type LoadSide, startLoadSide } from './load-side.ts'
import { chooseCores, describeMachine, type Machine } from './machine.ts'
import { help, type Options, parseOptions, UsageError } from './options.ts'
import { libraryVersion } from './peers/node-program.ts'
import type { Peer, Presence } from './peers/peer.ts'
import { killAllChildren } from './processes.ts'
import { duration, Progress } from './progress.ts'
import { reportGoals, reportHeader, reportLeftOut, reportWorkload } from './report.ts'
import type { BenchmarkResult, LeftOut } from './results.ts'
import { contendersOf, type RunSetting, runWorkload } from './run-workload.ts'
import type { Workload } from './workloads/workload.ts'

const resultsFolder = fileURLToPath(new URL('../results/', import.meta.url))

async function main(options: Options, folder: string): Promise<void> {
  const startedAt = new Date()
  const machine = describeMachine()
  const cores = chooseCores()
  const leftOut: LeftOut[] = []
  // Without a workload for them, nobody has to know whether they are there.
  const proxies = options.workloads.length > 0 ? options.peers : []
  const { present: peers, versions } = findAll(proxies, (peer) => peer.find(), leftOut)
  const { present: clients, versions: libraries } = findAll(options.clients, presenceOf, leftOut)
  const certificate = makeCertificate(folder)
  const workloads = options.workloads.filter((workload) => {
    const why = obstacleTo(workload, peers, machine, certificate)
    if (why !== undefined) leftOut.push({ name: workload.name, why })
    return why === undefined
  })
  const clientWorkloads = options.clientWorkloads.filter((each) => each.contenders(clients).length > 0)
  const cells = plan(workloads, peers, options) + planClients(clientWorkloads, clients, options)

  const load = await startLoadSide(cores.load, certificate)
  const header = {
    startedAt: startedAt.toISOString(),
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    machine,
    cores,
    settings: {
      rounds: options.rounds,
      seconds: options.seconds,
      warmup: options.warmup,
      rate: options.rate,
    },
    versions: { ...versions, ...libraries },
    loadCapacity: await loadCapacity(load, options),
    leftOut,
  }
  console.log(reportHeader(header))
  const known = leftOut.length

  const progress = new Progress(cells)
  const setting: RunSetting = { options, cores, load, folder, certificate, progress, leftOut }
  const result: BenchmarkResult = { ...header, workloads: [], goals: [] }
  for (const workload of workloads) {
    const outcome = await runWorkload(workload, peers, setting)
    result.workloads.push(outcome)
    result.goals.push(...goalsOf(outcome))
    console.log(reportWorkload(outcome))
  }
  for (const workload of clientWorkloads) {
    const outcome = await runClients(workload, clients, setting)
    result.workloads.push(outcome)
    result.goals.push(...goalsOf(outcome))
    console.log(reportWorkload(outcome))
  }
  if (result.goals.length > 0) console.log(reportGoals(result.goals))
  await load.stop()
  const dropped = reportLeftOut(leftOut.slice(known))
  if (dropped.length > 0) console.log(`\n${dropped.join('\n')}`)
  save(result, options.json ?? join(resultsFolder, `${result.startedAt.replaceAll(':', '-')}.json`))
}

function findAll<Wanted extends { name: string }>(
  wanted: readonly Wanted[],
  find: (each: Wanted) => Presence,
  leftOut: LeftOut[],
) {
  const present: Wanted[] = []
  const versions: Record<string, string> = {}
  for (const each of wanted) {
    const presence = find(each)
    if ('missing' in presence) {
      leftOut.push({ name: each.name, why: presence.missing })
    } else {
      present.push(each)
      versions[each.name] = presence.version
    }
  }
  return { present, versions }
}

/** A client that is no package comes with Node. */
function presenceOf({ library }: Client): Presence {
  return library === undefined ? { version: process.versions.node } : libraryVersion(library)
}

function obstacleTo(
  workload: Workload,
  peers: readonly Peer[],
  machine: Machine,
  certificate: Certificate | undefined,
): string | undefined {
  if (contendersOf(workload, peers).length === 0) return 'none of the proxies that it is about takes part'
  if (workload.tls && certificate === undefined) return 'it takes `openssl` to make a certificate'
  return workload.obstacle?.(machine)
}

/** Says on stderr how long the run takes, and returns its number of cells. */
function plan(workloads: readonly Workload[], peers: readonly Peer[], options: Options): number {
  const { rounds, seconds, warmup } = options
  let cells = 0
  let total = 0
  for (const workload of workloads) {
    const contenders = contendersOf(workload, peers).length
    const measured = workload.fresh ? warmup * 2 : warmup + seconds
    cells += contenders * rounds
    // About half a second to start a proxy; the first round warms up for longer.
    total += contenders * (rounds * (measured + workload.extraSeconds) + warmup + 0.5)
  }
  if (cells > 0)
    process.stderr.write(`${workloads.length} workloads, ${cells} measurements: about ${duration(total)}\n`)
  return cells
}

/** The same for clients. */
function planClients(
  workloads: readonly ClientWorkload[],
  clients: readonly Client[],
  { rounds, seconds, warmup }: Options,
): number {
  const turns = workloads.reduce((sum, each) => sum + each.contenders(clients).length, 0)
  if (turns > 0) {
    const total = turns * (rounds * (warmup + seconds) + warmup + 0.5)
    process.stderr.write(`${turns * rounds} measurements of clients: about ${duration(total)}\n`)
  }
  return turns * rounds
}

/** What the load side can do at most: a proxy that needs less time than this per request cannot be kept busy. */
async function loadCapacity(load: LoadSide, { seconds, warmup }: Options): Promise<number> {
  const measurement = await load.perform({
    kind: 'saturation',
    target: { port: load.ports.http },
    window: { warmupSeconds: warmup, seconds: Math.min(seconds, 2) },
    exchange: 'small',
    connections: 64,
    routes: 50,
  })
  return measurement.requests / measurement.loadCpuSeconds
}

function save(result: BenchmarkResult, file: string): void {
  const path = resolve(file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`)
  process.stderr.write(`results: ${relative(process.cwd(), path)}\n`)
}

async function run(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) {
    console.log(help)
    return
  }
  if (process.platform !== 'linux') throw new UsageError('the benchmark reads /proc: it runs on Linux only')
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-'))
  // However this process ends, it leaves nothing behind.
  process.on('exit', () => {
    killAllChildren()
    rmSync(folder, { recursive: true, force: true })
  })
  process.on('SIGINT', () => process.exit(130))
  process.on('SIGTERM', () => process.exit(143))
  await main(options, folder)
}

try {
  await run()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`headgate-bench: ${error.message}\nSee npm run bench -- --help\n`)
  process.exitCode = 64
}
