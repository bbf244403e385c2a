// npm start, test, build, check, bench, cache-suite, fuzz, soak, places and sdks: installs and builds what is missing, then runs the
// thing on the pinned Node. Plain JavaScript without dependencies, since the first run has Node 20 and no node_modules.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { check } from './check.mjs'
import { pinnedNode, root, run } from './child.mjs'
import { install } from './install.mjs'
import { sdks } from './sdks.mjs'
import { test } from './test.mjs'

const commands = {
  start: (args) => program('examples/quick-start/start.ts', args),
  test,
  build: async () => 0,
  check,
  bench: (args) => program('bench/src/main.ts', args),
  'cache-suite': (args) => program('scripts/cache-suite.ts', args),
  fuzz: (args) => program('scripts/fuzz.ts', args),
  places: (args) => program('scripts/places.ts', args),
  sdks,
  soak: (args) => program('scripts/soak.ts', args),
}

async function program(file, args) {
  if (!existsSync(join(root, file))) throw new Error(`${file} is missing: is this checkout complete?`)
  const { code } = await run(pinnedNode, [file, ...args])
  return code
}

// Whoever ends `npm start` has what they wanted, at whatever step it was: exit code 0, also where a process that it
// started ends by the signal first, or a second Ctrl-C cuts it short.
let isEnded = false

function endsWell() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (isEnded = true))
}

async function main([name, ...args]) {
  const command = commands[name]
  if (command === undefined) {
    throw new Error(`unknown command ${JSON.stringify(name)}: one of ${Object.keys(commands).join(', ')}`)
  }
  if (name === 'start') endsWell()
  const [major] = process.versions.node.split('.')
  if (Number(major) < 20)
    throw new Error(`this is Node ${process.versions.node}; to set up Headgate takes Node 20 or newer`)
  await install()
  if (!isEnded) await build()
  return isEnded ? 0 : command(args)
}

try {
  const code = await main(process.argv.slice(2))
  process.exitCode = isEnded ? 0 : code
} catch (error) {
  if (!isEnded) {
    process.stderr.write(`headgate: ${error.message}\n`)
    process.exitCode = 1
  }
}
