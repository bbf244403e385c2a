// What a call with 200 bytes in and out costs beside Extism's own SDK, in rounds by turns: `node packages/core/test/wasm/call-figure.ts`.
import createPlugin from '@extism/extism'
import { WasmPlugin } from '../../src/wasm/plugin.ts'
import { ECHO, host, moduleOf } from './modules.ts'

const CALLS = 10_000
const ROUNDS = 5
const bytes = moduleOf(`(memory 1) ${ECHO}`)
const input = new Uint8Array(200)
const ours = new WasmPlugin(bytes, host())
const theirs = await createPlugin({ wasm: [{ data: bytes }] })

function microseconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS
}

for (let round = 0; round < ROUNDS; round++) {
  let before = process.cpuUsage()
  for (let call = 0; call < CALLS; call++) ours.call('echo', input)
  const own = microseconds(before)
  before = process.cpuUsage()
  for (let call = 0; call < CALLS; call++) {
    await theirs.call('echo', input)
    await theirs.reset()
  }
  const other = microseconds(before)
  console.log(
    `ours ${own.toFixed(1)} µs, Extism's ${other.toFixed(1)} µs of CPU a call: ${(other / own).toFixed(2)} times`,
  )
}
await theirs.close()
