import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

export const HEADGATE: string = join(import.meta.dirname, '../bin/headgate.js')

/** Where gateways keep versions of their configurations: not in the home of whoever runs the tests. */
const STATE = mkdtempSync(join(tmpdir(), 'headgate-state-'))
// Several files may share the process, and the folder.
process.on('exit', () => rmSync(STATE, { recursive: true, force: true }))

/** What differs for `headgate` from the environment of the tests. */
export const ENVIRONMENT = { FORCE_COLOR: undefined, NO_COLOR: undefined, XDG_STATE_HOME: STATE }

/**
 * After how long a process is ended that no test ended: a guard against those that are left behind, not a measure of
 * how fast anything is. Milliseconds.
 */
const LIMIT = 600_000

export interface Finished {
  /** Undefined if a signal ended it. */
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  /** Beside that of the tests; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** How long it may take. Milliseconds. */
  readonly limit?: number
}

/** A folder that is gone after the tests, with these files in it. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'headgate-test-'))
  after(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return path
}

/** A process of a test: what it prints is kept, and it does not outlive the test. */
export class TestProcess {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  stdout = ''
  stderr = ''
  private watchers: (() => void)[] = []

  constructor(command: string, args: readonly string[], { cwd, env, limit = LIMIT }: RunOptions = {}) {
    this.child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...ENVIRONMENT, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const timer = setTimeout(() => this.signalGroup('SIGKILL'), limit)
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.printed()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.printed()
    })
    this.finished = new Promise((resolve) => {
      this.child.on('close', (code) => {
        clearTimeout(timer)
        resolve({ code: code ?? undefined, stdout: this.stdout, stderr: this.stderr })
        this.printed()
      })
    })
    after(() => this.signalGroup('SIGKILL'))
  }

  /** To it and to all that it has started, as a terminal does at Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.child.pid ?? Number.NaN), signal)
    } catch {
      // All of them are gone.
    }
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Resolves with the first match in what it prints. Rejects if it ends without. */
  async print(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
      if (match !== null) return match
      if (!this.running) throw new Error(`it ended without ${pattern}:\n${this.stdout}\n${this.stderr}`)
      await new Promise<void>((resolve) => this.watchers.push(resolve))
    }
  }

  private printed(): void {
    const watchers = this.watchers
    this.watchers = []
    for (const watcher of watchers) watcher()
  }
}

/** Runs the built command line to its end, in a process of its own. */
export function headgateProcess(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new TestProcess(process.execPath, [HEADGATE, ...args], options).finished
}

/** A running gateway, with the addresses that it printed. */
export interface RunningGateway {
  readonly process: TestProcess
  readonly url: string
  readonly admin: string
}

/** Runs `headgate run` and waits until it is ready. */
export async function runGateway(config: unknown, args: readonly string[] = []): Promise<RunningGateway> {
  const cwd = folder({ 'headgate.json': JSON.stringify(config) })
  const running = new TestProcess(process.execPath, [HEADGATE, 'run', ...args], { cwd })
  await running.print(/ready: version/)
  const [, url = ''] = await running.print(/"url":"(http[^"]+)"/)
  const [, admin = ''] = await running.print(/"admin":"(http[^"]+)"/)
  return { process: running, url, admin }
}
