import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the workspace. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** The pinned Node, once installed. */
export const pinnedNode = join(root, 'node_modules/node/bin/node')

const binaries = join(root, 'node_modules/.bin')

/** Reports a step that takes time, on stderr: stdout belongs to what is run. */
export function progress(line) {
  process.stderr.write(`headgate: ${line}\n`)
}

/**
 * Runs a command from the root of the workspace, with the workspace's binaries (and so the pinned Node)
 * first on the path, and resolves with its exit code and, where `capture` is set, its output.
 */
export function run(command, args, { capture = false, env = {}, limit = 0 } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}`, ...env },
    stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  })
  let output = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (output += chunk))
  const release = tie(child, limit)
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      release()
      reject(new Error(`cannot run ${command}: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      release()
      resolve({ code: code ?? (signal === 'SIGINT' ? 130 : 143), output })
    })
  })
}

/**
 * Ties the life of a child to ours: it ends when we are asked to end, when the process that started us is
 * gone (npm's shell dies of a signal without passing it on), and after `limit` milliseconds.
 */
function tie(child, limit) {
  const parent = process.ppid
  const timers = []
  // A Ctrl-C, or a signal to the process group, has reached the child already: it gets a moment to end by
  // itself, so that it does not see the same wish twice and take it for impatience. One sent to us alone
  // has not, and is passed on.
  const forward = (signal) => timers.push(setTimeout(() => child.kill(signal), 300))
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const once = new Set()
  const onSignal = (signal) => {
    if (once.has(signal)) return
    once.add(signal)
    forward(signal)
  }
  for (const signal of signals) process.on(signal, onSignal)
  const watch = setInterval(() => {
    if (process.ppid !== parent) onSignal('SIGTERM')
  }, 250)
  if (limit > 0) {
    timers.push(
      setTimeout(() => {
        progress(`still not finished after ${limit / 60_000} minutes: ended`)
        child.kill('SIGTERM')
        timers.push(setTimeout(() => child.kill('SIGKILL'), 5000))
      }, limit),
    )
  }
  return () => {
    clearInterval(watch)
    for (const timer of timers) clearTimeout(timer)
    for (const signal of signals) process.off(signal, onSignal)
  }
}
