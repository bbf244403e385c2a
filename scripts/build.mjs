import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, progress, root, run } from './child.mjs'
import { isFresh } from './fresh.mjs'

const packages = join(root, 'packages')
const gateway = join(packages, 'gateway')

/** Builds all packages; what is built already and unchanged takes no time. */
export async function build() {
  if (!existsSync(join(gateway, 'dist'))) progress('building the packages')
  const { code } = await run('tsc', ['-b', ...readdirSync(packages).map((name) => join(packages, name))])
  if (code !== 0) throw new Error('the build failed: see above')
  // What is installed first.
  const { bundleLibraries } = await import('./bundle-libraries.mjs')
  await bundleLibraries()
  await schemas()
  const { bundle } = await import('./bundle.mjs') // needs what is installed
  await bundle()
}

/** Writes what is derived from the schema of the configuration: for editors, and for the gateway itself. */
async function schemas() {
  const writer = join(root, 'scripts/write-schemas.mjs')
  if (isFresh(join(gateway, 'dist/schema.json'), [join(gateway, 'dist/.tsbuildinfo'), writer])) return
  const { code, output } = await run(pinnedNode, [writer], { capture: true })
  if (code !== 0) throw new Error(`the JSON Schemas could not be written, exit code ${code}:\n${output}`)
}
