// npm start, test, build, check, bench, fuzz and soak: installs and builds what is missing, then runs the thing on the
// pinned Node. Plain JavaScript without dependencies, since the first run has Node 20 and no node_modules.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { check } from './check.mjs'
import { pinnedNode, root, run } from './child.mjs'
import { install } from './install.mjs'
import { test } from './test.mjs'

const commands = {
  start: (args) => program('examples/quick-start/start.ts', args),
  test,
  build: async () => 0,
  check,
  bench: (args) => program('bench/src/main.ts', args),
  fuzz: (args) => program('scripts/fuzz.ts', args),
  soak: (args) => program('scripts/soak.ts', args),
}

async function program(file, args) {
  if (!existsSync(join(root, file))) throw new Error(`${file} is missing: is this checkout complete?`)
  const { code } = await run(pinnedNode, [file, ...args])
  return code
}

async function main([name, ...args]) {
  const command = commands[name]
  if (command === undefined) {
    throw new Error(`unknown command ${JSON.stringify(name)}: one of ${Object.keys(commands).join(', ')}`)
  }
  const [major] = process.versions.node.split('.')
  if (Number(major) < 20)
    throw new Error(`this is Node ${process.versions.node}; to set up Headgate takes Node 20 or newer`)
  await install()
  await build()
  return command(args)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`headgate: ${error.message}\n`)
  process.exitCode = 1
}
