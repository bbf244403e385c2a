import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes of a child's output that are kept for an error message. */
const outputKept = 4096

/** A command, and the core it is bound to. */
export interface ChildSpecification {
  command: string
  args: readonly string[]
  env?: Record<string, string>
  /** Number of the core; unbound when missing. */
  core?: number | undefined
  /** Whether the child exchanges messages with us. */
  messages?: boolean
}

/** A started child process. */
export interface Child {
  process: ChildProcess
  pid: number
  /** The end of what it wrote to stdout and stderr. */
  output: () => string
}

const running = new Set<Child>()

/** Starts a child process. Rejects when the command cannot be started. */
export async function startChild(specification: ChildSpecification): Promise<Child> {
  const { core, messages = false } = specification
  const [command = '', ...args] = [
    ...(core === undefined ? [] : ['taskset', '--cpu-list', String(core)]),
    specification.command,
    ...specification.args,
  ]
  // A group of its own: Ctrl-C in the terminal reaches us alone, and the whole group ends with one signal.
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(messages ? (['ipc'] as const) : [])],
    env: { ...process.env, NODE_ENV: 'production', ...specification.env },
  })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-outputKept)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  await once(child, 'spawn')
  if (child.pid === undefined) throw new Error(`${specification.command} has no process id`)
  const started: Child = { process: child, pid: child.pid, output: () => output.trim() }
  running.add(started)
  child.once('exit', () => running.delete(started))
  return started
}

/** Whether the child has ended by itself or by a signal. */
export function hasEnded(child: Child): boolean {
  return child.process.exitCode !== null || child.process.signalCode !== null
}

/** Ends a child and all that it started: SIGTERM, and SIGKILL to what is left after two seconds. */
export async function stopChild(child: Child): Promise<void> {
  if (!hasEnded(child)) {
    const exited = once(child.process, 'exit')
    signalGroup(child, 'SIGTERM')
    await Promise.race([exited, sleep(2000, undefined, { ref: false })])
  }
  signalGroup(child, 'SIGKILL')
}

/** Ends all children at once, without waiting: for the moment before this process ends itself. */
export function killAllChildren(): void {
  for (const child of running) signalGroup(child, 'SIGKILL')
}

function signalGroup(child: Child, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    // Nobody is left in the group.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Runs a short command and returns what it printed (stdout and stderr), or undefined when it is not there. */
export function outputOf(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync('sh', ['-c', 'exec "$0" "$@" 2>&1', command, ...args], {
      encoding: 'utf8',
      timeout: 10_000,
    })
  } catch {
    return undefined
  }
}
