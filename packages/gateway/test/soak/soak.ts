import { closeSync, openSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Arrivals } from './arrivals.ts'
import { FaultyHttp2Origin } from './faulty-http2-origin.ts'
import { FaultyOrigin } from './faulty-origin.ts'
import type { Lane, WeightedAct } from './lane.ts'
import { Ledger } from './ledger.ts'
import { type Finding, judge } from './judge.ts'
import { SoakedGateway } from './soaked-gateway.ts'
import { ACTS, type KindOfAct, KINDS_OF_ACTS } from './traffic.ts'
import type { Point } from './trend.ts'

/** How long and how hard. */
export interface SoakOptions {
  /** Of load, in milliseconds; starting and settling come on top, up to half a minute. */
  readonly duration: number
  readonly seed: number
  /** What clients do. Default: all of it. */
  readonly acts?: readonly KindOfAct[]
  /** Told now and then how it goes. */
  readonly progress?: (line: string) => void
}

export interface SoakReport {
  readonly seed: number
  readonly ledger: Ledger
  readonly findings: readonly Finding[]
  readonly passed: boolean
}

/** Clients at the same time, and the longest pause of one between two acts, in milliseconds: about 200 requests a second. */
const LANES = 24
const PAUSE = 200
/** After the load connections close, timeouts pass, lines are written: looks for what is still open, 100 ms apart. */
const MOST_LOOKS = 150
/**
 * What is not judged, since code is still compiled and pools fill: half a run, or so many exchanges if they are fewer, which are a minute
 * on a quiet machine. On a busy one a minute was a seventh of them, and resident memory went on rising to the same height for four.
 */
const WARM_UP = 1 / 2
const WARM_UP_EXCHANGES = 16_000
/** Samples of each thread that the judged part of a run has at least. */
const LEAST_SAMPLES = 5

/** Loads a gateway with mixed traffic and faults from both sides, and looks whether anything stays behind. */
export async function soak({
  duration,
  seed,
  acts = KINDS_OF_ACTS,
  progress = () => {},
}: SoakOptions): Promise<SoakReport> {
  const chosen = acts.flatMap((kind) => ACTS[kind])
  const arrivals = new Arrivals()
  const origin = await FaultyOrigin.listen(arrivals)
  const http2Origin = await FaultyHttp2Origin.listen(arrivals)
  const interval = duration > 60_000 ? 2_000 : 500
  const gateway = await SoakedGateway.start(origin.url, http2Origin.url, interval)
  const ledger = new Ledger()
  const resident: Point[] = []
  const log = new LogReader(gateway.accessLog, ledger)
  try {
    await gateway.sampled(1, Date.now()) // at rest
    const started = Date.now()
    const base = gateway.descriptors
    let judgedFrom = started + duration * WARM_UP
    let isOver = false
    const watching = watch(
      () => isOver,
      interval,
      () => {
        log.read()
        const point = { time: Date.now(), value: gateway.residentMemory }
        if (ledger.totals.sent >= WARM_UP_EXCHANGES) judgedFrom = Math.min(judgedFrom, point.time)
        resident.push(point)
        const seconds = Math.round((point.time - started) / 1000)
        const mib = (point.value / 2 ** 20).toFixed(0)
        progress(`${seconds} s: ${ledger.totals.sent} exchanges, ${mib} MiB resident`)
      },
    )
    const lanes = Array.from({ length: LANES }, (_, index) =>
      runLane(index, seed, chosen, () => isOver, gateway, arrivals, ledger),
    )
    await sleep(duration)
    // A busy machine gives threads little time to be looked at: the load goes on until they were.
    await gateway.sampled(LEAST_SAMPLES, judgedFrom)
    isOver = true
    await Promise.all([watching, ...lanes])
    const ended = Date.now()
    let left = gateway.descriptors
    for (let looks = 0; looks < MOST_LOOKS && left > base; looks++) {
      await sleep(100)
      left = gateway.descriptors
    }
    await gateway.sampled(1, Date.now()) // at rest again
    // Before the call for the metrics: a sample that is taken meanwhile would hold its connection.
    const samples = gateway.samples()
    const metrics = await gateway.metrics()
    log.read()
    ledger.close()
    const exitCode = await gateway.stop()
    const findings = judge({
      base,
      left,
      samples,
      resident,
      started,
      ended,
      judgedFrom,
      metrics,
      ledger,
      exitCode,
    })
    return { seed, ledger, findings, passed: findings.every(({ ok }) => ok) }
  } finally {
    log.close()
    gateway.discard()
    origin.close()
    http2Origin.close()
  }
}

async function watch(isOver: () => boolean, interval: number, look: () => void): Promise<void> {
  while (!isOver()) {
    await sleep(interval)
    look()
  }
}

async function runLane(
  index: number,
  seed: number,
  acts: readonly WeightedAct[],
  isOver: () => boolean,
  gateway: SoakedGateway,
  arrivals: Arrivals,
  ledger: Ledger,
): Promise<void> {
  const random = mulberry32(seed + index)
  const lane: Lane = { port: gateway.port, admin: gateway.admin, arrivals, ledger, random, kept: undefined }
  while (!isOver() && gateway.alive) {
    await choose(acts, random())(lane)
    await sleep(random() * PAUSE)
  }
}

function choose(acts: readonly WeightedAct[], chance: number): WeightedAct[1] {
  let left = chance * acts.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, act] of acts) {
    left -= weight
    if (left < 0) return act
  }
  throw new RangeError('chance is 1 or more')
}

/** A small generator of pseudo-random numbers in [0, 1): each lane has its own, so that a seed gives the same acts. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Reads an access log as it grows. */
class LogReader {
  private readonly fd: number
  private readonly ledger: Ledger
  private readonly chunk = Buffer.alloc(256 * 1024)
  private rest = ''

  constructor(path: string, ledger: Ledger) {
    this.fd = openSync(path, 'r')
    this.ledger = ledger
  }

  read(): void {
    for (;;) {
      const size = readSync(this.fd, this.chunk)
      if (size === 0) return
      const lines = (this.rest + this.chunk.toString('latin1', 0, size)).split('\n')
      this.rest = lines.pop() ?? ''
      for (const line of lines) this.ledger.logged(line)
    }
  }

  close(): void {
    closeSync(this.fd)
  }
}
