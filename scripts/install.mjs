import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { pinnedNode, progress, root, run } from './child.mjs'

/** Installs what package-lock.json names, unless node_modules holds exactly that. */
export async function install() {
  if (installed()) return
  progress('installing the packages (once, and again when package-lock.json changes)')
  // Without the npm that started us, the one on the path; either way on the Node it was started with, for the
  // pinned one is about to be replaced.
  const npm = process.env.npm_execpath
  const node = process.env.npm_node_execpath ?? process.execPath
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const env = { PATH: pathWithoutBinaries() }
  const { code } = npm?.endsWith('.js')
    ? await run(node, [npm, ...args], { env })
    : await run('npm', args, { env })
  if (code !== 0) throw new Error(`npm ci failed with exit code ${code}: see above`)
  if (!existsSync(pinnedNode)) {
    throw new Error(
      `npm ci did not bring the pinned Node (${pinnedNode}). Install scripts must be allowed for the package "node": ` +
        'is ignore-scripts set in your npm configuration?',
    )
  }
}

/** Compares the lock with npm's own record of the last finished installation. */
function installed() {
  const record = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(record) || !existsSync(pinnedNode)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(record, 'utf8')).packages
  if (Object.keys(present).some((path) => wanted[path] === undefined)) return false
  return Object.entries(wanted).every(([path, entry]) => {
    // The root itself is not recorded, nor are packages for other platforms.
    if (path === '') return true
    const found = present[path]
    if (found === undefined) return entry.optional === true
    return found.version === entry.version && isDeepStrictEqual(found.bin, entry.bin)
  })
}

function pathWithoutBinaries() {
  const binaries = join(root, 'node_modules/.bin')
  const here = dirname(process.env.npm_node_execpath ?? process.execPath)
  const rest = (process.env.PATH ?? '').split(':').filter((folder) => folder !== binaries)
  return [here, ...rest].filter((folder) => !folder.startsWith(join(root, 'node_modules'))).join(':')
}
