import { join } from 'node:path'
import { pinnedNode, progress, root, run } from './child.mjs'
import { isFresh } from './fresh.mjs'

/**
 * npm run sdks: SDKs of the registry and OpenTelemetry's instrumentation, run on the platform's fetch and on the client's, and the testing kit
 * with msw and vitest. They are no part of the workspace, since they are 160 MB, and are installed when they are asked for.
 */
export async function sdks(args) {
  const folder = join(root, 'sdk-tests')
  // npm writes its own record of what is there when it is done.
  if (!isFresh(join(folder, 'node_modules/.package-lock.json'), [join(folder, 'package-lock.json')])) {
    progress('installing the SDKs (once)')
    // Not `npm ci`: vitest's vite names an optional package for Windows that npm writes into no lock, and then misses there.
    const install = await run('npm', [
      'install',
      '--no-save',
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
  const names = ['sdks.test.ts', 'opentelemetry.test.ts', 'msw.test.ts', 'vitest.test.ts']
  const files = names.map((name) => join(folder, name))
  const { code } = await run(pinnedNode, ['--test', ...args, ...files])
  return code
}
