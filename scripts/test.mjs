import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pinnedNode, root, run } from './child.mjs'
import { installTools } from './tools.mjs'

const minute = 60_000
const leaks = './scripts/test-leaks.mjs'

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
  await installTools()
  const runner = ['--test', '--test-concurrency=2', `--test-timeout=${2 * minute}`, '--import', leaks]
  const { code } = await run(pinnedNode, [...runner, ...options, ...files], { limit: 20 * minute })
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
