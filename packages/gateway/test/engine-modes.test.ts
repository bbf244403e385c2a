import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'

// What V8 did with a function is told by its own test functions, which are syntax only while this is set.
setFlagsFromString('--allow-natives-syntax')

const MODES = new URL('../src/engine-modes.ts', import.meta.url).href

/** Runs in a thread that starts small: whether a hot function is optimized before and after `serveFast`. */
const PROGRAM = `
const { parentPort } = require('node:worker_threads')
const OPTIMIZED = (1 << 4) | (1 << 5)
function hot(n) { let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum }
const isOptimized = () => (%GetOptimizationStatus(hot) & OPTIMIZED) !== 0
// Optimizing is another thread's work, which takes its time on a busy machine.
const heat = async (turns) => {
  for (let turn = 0; turn < turns && !isOptimized(); turn++) {
    for (let call = 0; call < 200; call++) hot(2_000)
    await new Promise(setImmediate)
  }
  return isOptimized()
}
import(${JSON.stringify(MODES)}).then(async ({ serveFast }) => {
  const small = await heat(100)
  serveFast()
  parentPort.postMessage({ small, fast: await heat(20_000) })
})
`

test('no thread that starts calls an optimizing compiler; once they serve, the same threads do', async () => {
  const { startSmall, serveFast } = await import('../src/engine-modes.ts')
  startSmall()
  try {
    const thread = new Worker(PROGRAM, { eval: true })
    const seen = await new Promise((resolve, reject) => {
      thread.once('message', resolve)
      thread.once('error', reject)
    })
    assert.deepEqual(seen, { small: false, fast: true })
    await thread.terminate()
  } finally {
    serveFast()
  }
})
