import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, progress, root, run } from './child.mjs'

/**
 * npm run sdks: SDKs of the registry, run on the platform's fetch and on the client's. They are no part of the workspace, since they are
 * 160 MB, and are installed when they are asked for.
 */
export async function sdks(args) {
  const folder = join(root, 'sdk-tests')
  if (!existsSync(join(folder, 'node_modules'))) {
    progress('installing the SDKs (once)')
    const install = await run('npm', [
      'ci',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefix',
      folder,
    ])
    if (install.code !== 0) return install.code
  }
  const types = await run('tsc', ['-p', folder])
  if (types.code !== 0) return types.code
  const { code } = await run(pinnedNode, ['--test', ...args, join(folder, 'sdks.test.ts')])
  return code
}
