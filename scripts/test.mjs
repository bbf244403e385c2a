import { existsSync, readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { pinnedNode, root, run } from './child.mjs'
import { grouped } from './test-groups.mjs'
import { installTools } from './tools.mjs'

const minute = 60_000
const leaks = './scripts/test-leaks.mjs'
const reporter = './scripts/test-report.mjs'
/**
 * Processes of tests load the same few hundred modules, and each command that they start does, too: compiled code and sources without
 * their types are kept from one process to the next. That halves the CPU of a test file that has little to do: 1.25 to 0.7 s.
 */
const COMPILED = { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled') }
/** One more than there are cores: now and then a test waits. */
const PROCESSES = availableParallelism() + 1

/**
 * Runs the tests of all packages, or those under the given files and folders; arguments that start with a dash
 * go to `node --test` (`npm test -- --test-name-pattern=retry packages/core/test/policies`).
 */
export async function test(args) {
  const options = args.filter((arg) => arg.startsWith('-'))
  const places = args.filter((arg) => !arg.startsWith('-'))
  const files = (places.length > 0 ? places : testFolders()).flatMap(testFiles)
  if (files.length === 0)
    throw new Error(`no test file (*.test.ts) under ${places.join(', ') || 'packages/*/test or bench/test'}`)
  await installTools(files)
  // A test that hangs is named by its time limit; a run that hangs is ended by the reporter. There is no limit on the whole: how
  // long it takes is a matter of the machine, and of what else runs there.
  const runner = [
    '--test',
    `--test-concurrency=${PROCESSES}`,
    `--test-timeout=${10 * minute}`,
    '--import',
    leaks,
  ]
  const reported = options.some((option) => option.startsWith('--test-reporter'))
    ? []
    : [`--test-reporter=${reporter}`]
  const { code } = await run(pinnedNode, [...runner, ...reported, ...options, ...grouped(files)], {
    env: COMPILED,
  })
  return code
}

function testFolders() {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`)
  const folders = [...packages, 'bench'].map((folder) => `${folder}/test`)
  return folders.filter((folder) => existsSync(join(root, folder)))
}

function testFiles(place) {
  const path = resolve(root, place)
  if (!existsSync(path)) throw new Error(`no such file or folder: ${place}`)
  if (statSync(path).isFile()) return [place]
  const names = readdirSync(path, { recursive: true })
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(place, name))
    .sort()
}
