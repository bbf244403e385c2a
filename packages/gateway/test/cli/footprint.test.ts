import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

// What a small gateway costs: its memory at rest, and the CPU time of its start. Both are read from /proc.
const skip =
  process.platform === 'linux' ? false : 'resident memory and CPU time are read from /proc, which Linux has'

/** Bytes. 113 to 120 MiB as measured; Node with two empty worker threads takes 74. */
const MOST_MEMORY = 130 * 2 ** 20
/**
 * In starts of Node with two empty worker threads, which take their share of whatever slows this machine down. 3.5 as
 * measured on one machine, where it would be 6.5 if each module were loaded from a file of its own; 5.2 to 5.7 on another.
 */
const MOST_STARTS = 8
/** The least of so many counts, as whatever else goes on only adds to it; fewer, where that is little already. */
const TRIES = 10

const CONFIG = `
workers: 2
listeners:
  - address: 127.0.0.1:0
admin:
  address: 127.0.0.1:0
upstreams:
  api:
    endpoints:
      - url: http://127.0.0.1:1
routes:
  - match: { path: /** }
    upstream: api
`

const EMPTY = `
const { Worker } = require('node:worker_threads')
const program = "const { parentPort } = require('node:worker_threads'); parentPort.on('message', () => {}); parentPort.postMessage('up')"
let up = 0
for (let index = 0; index < 2; index++)
  new Worker(program, { eval: true }).on('message', () => ++up === 2 && console.log('ready'))
`

/** As a user starts it: without what the run of the tests has put in the way. */
const env = { NODE_COMPILE_CACHE: undefined, NODE_OPTIONS: undefined }

interface Started {
  readonly process: TestProcess
  /** Seconds of CPU until it was ready. */
  readonly cpu: number
  /** Milliseconds. */
  readonly wall: number
}

async function start(args: readonly string[]): Promise<Started> {
  const cwd = folder({ 'headgate.yaml': CONFIG })
  const before = performance.now()
  const started = new TestProcess(process.execPath, args, { cwd, env })
  await started.print(/ready/)
  return { process: started, cpu: cpuOf(started), wall: performance.now() - before }
}

async function end({ process }: Started): Promise<void> {
  process.child.kill('SIGKILL')
  await process.finished
}

/** Seconds, of all its threads. */
function cpuOf({ child }: TestProcess): number {
  const afterName = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1) ?? ''
  const fields = afterName.split(' ')
  // utime and stime, the 14th and 15th field of proc(5), in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function memoryOf({ child }: TestProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}

/** Bytes as people read them. */
function shown(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

/** Resolves when it has done next to nothing for half a second. */
async function rest(process: TestProcess): Promise<void> {
  // Its timers go on, 100 times a second in each thread.
  for (let before = -1, now = cpuOf(process); now - before > 0.05; ) {
    await wait(500)
    before = now
    now = cpuOf(process)
  }
}

test('headgate run with two workers keeps at most 130 MiB at rest', { skip }, async (t) => {
  const started = await start([HEADGATE, 'run'])
  await rest(started.process)
  const memory = memoryOf(started.process)
  t.diagnostic(`${shown(memory)} resident`)
  assert.ok(memory > 30_000_000 && memory <= MOST_MEMORY, `${shown(memory)} are resident`)
  await end(started)
})

test(`a start takes at most the CPU time of ${MOST_STARTS} starts of Node alone`, { skip }, async (t) => {
  const [cpu, empty, wall]: [number[], number[], number[]] = [[], [], []]
  const starts = (): number => Math.min(...cpu) / Math.min(...empty)
  // In turns.
  for (let turn = 0; turn < TRIES && !(starts() <= MOST_STARTS); turn++) {
    const alone = await start(['--eval', EMPTY])
    empty.push(alone.cpu)
    await end(alone)
    const started = await start([HEADGATE, 'run'])
    cpu.push(started.cpu)
    wall.push(started.wall)
    await end(started)
  }
  t.diagnostic(
    `ready after ${Math.min(...wall).toFixed(0)} ms, with ${Math.min(...cpu)} s of CPU; Node alone takes ${Math.min(...empty)} s`,
  )
  assert.ok(
    starts() <= MOST_STARTS,
    `it takes ${starts().toFixed(1)} times the CPU of Node with two empty workers`,
  )
})
