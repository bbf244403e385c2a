import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, progress, root, run } from './child.mjs'

const packages = join(root, 'packages')
const gateway = join(packages, 'gateway')

/** Builds all packages; what is built already and unchanged takes no time. */
export async function build() {
  if (!existsSync(join(gateway, 'dist'))) progress('building the packages')
  const { code } = await run('tsc', ['-b', ...readdirSync(packages).map((name) => join(packages, name))])
  if (code !== 0) throw new Error('the build failed: see above')
  await schema()
}

/** Writes the JSON Schema of the configuration, as the built command line prints it. */
async function schema() {
  const file = join(gateway, 'dist/schema.json')
  const built = join(gateway, 'dist/.tsbuildinfo')
  if (existsSync(file) && statSync(file).mtimeMs >= statSync(built).mtimeMs) return
  const { code, output } = await run(pinnedNode, [join(gateway, 'bin/headgate.js'), 'schema'], {
    capture: true,
  })
  if (code !== 0) throw new Error(`headgate schema failed with exit code ${code}:\n${output}`)
  writeFileSync(file, output)
}
