import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { progress, run } from './child.mjs'

/**
 * The programs that the tests start, each with the Debian package that brings it. One with a folder is started by the tests there alone,
 * which are skipped where it is not to be had.
 */
const tools = [
  { program: 'openssl', debianPackage: 'openssl' },
  { program: 'curl', debianPackage: 'curl' },
  { program: 'redis-server', debianPackage: 'redis-server' },
  { program: 'pebble', debianPackage: 'pebble' },
  { program: 'haproxy', debianPackage: 'haproxy', folder: 'packages/gateway/test/survival' },
  // 124 MB to fetch, half a minute to install.
  { program: 'chromium', debianPackage: 'chromium', folder: 'packages/gateway/test/browser' },
]

/**
 * Makes sure that the tools for these test files are there: installs them as root on Debian, elsewhere names what is missing.
 * @param files from the root of the repository
 */
export async function installTools(files) {
  const missing = tools.filter(
    ({ program, folder }) =>
      !isOnPath(program) && (folder === undefined || files.some((file) => file.includes(`${folder}/`))),
  )
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) return askFor(missing)
  const names = missing.map(({ debianPackage }) => debianPackage)
  progress(`installing ${names.join(', ')} for the tests (apt-get)`)
  await aptGet(['update'])
  await aptGet(['install', '-y', '--no-install-recommends', ...names])
}

function askFor(missing) {
  for (const { program, folder, debianPackage } of missing) {
    const hint = `(on Debian: apt-get install ${debianPackage})`
    if (folder === undefined) throw new Error(`the tests need ${program}: please install it ${hint}`)
    progress(`without ${program} the tests in ${folder} are skipped ${hint}`)
  }
}

async function aptGet(args) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const { code, output } = await run('apt-get', args, { capture: true, env, limit: 5 * 60_000 })
  if (code !== 0) throw new Error(`apt-get ${args.join(' ')} failed with exit code ${code}:\n${output}`)
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
