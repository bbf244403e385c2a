import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { progress, run } from './child.mjs'

/** The programs that the tests start, each with the Debian package that brings it. */
const tools = [
  { program: 'openssl', debianPackage: 'openssl' },
  { program: 'curl', debianPackage: 'curl' },
]

/** Makes sure that the tools are there: installs them as root on Debian, elsewhere names what is missing. */
export async function installTools() {
  const missing = tools.filter(({ program }) => !isOnPath(program))
  if (missing.length === 0) return
  const names = missing.map(({ debianPackage }) => debianPackage)
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new Error(
      `the tests need ${names.join(', ')}: please install (on Debian: apt-get install ${names.join(' ')})`,
    )
  }
  progress(`installing ${names.join(', ')} for the tests (apt-get)`)
  await aptGet(['update'])
  await aptGet(['install', '-y', '--no-install-recommends', ...names])
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
