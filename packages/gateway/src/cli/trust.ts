import { join } from 'node:path'
import { systemClock } from '@headgate/core'
import { authorityFolder, ROOT, storageFolder } from '../authority/folder.ts'
import { loadConfig } from '../config/load.ts'
import { findConfig } from '../settings/read/read-text.ts'
import { type CliValues, EXIT, printFound } from './command.ts'
import type { Terminal } from './terminal.ts'

/** What `headgate certs trust` prints: where the local authority is, and the commands that have it trusted. It changes nothing of the system. */
export async function printTrust(values: CliValues, terminal: Terminal): Promise<number> {
  const file = values['config'] ?? (await findConfig(process.cwd()))?.file
  const loaded = file === undefined ? undefined : await loadConfig(file)
  const setting = loaded?.ok ? loaded.config.tls.storage : undefined
  const storage = storageFolder(setting, process.env)
  try {
    // So that it can be trusted before the first start.
    const { LocalAuthority } = await import('../authority/local-authority.ts')
    LocalAuthority.open(storage, systemClock.wallTime())
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    terminal.err(`headgate: the local authority cannot be kept in ${storage}: ${reason}\n`)
    return EXIT.failed
  }
  const path = join(authorityFolder(storage), ROOT)
  printFound(values, terminal, { path }, () => trustText(path, process.platform))
  return EXIT.ok
}

/** @param platform as `process.platform` */
export function trustText(path: string, platform: NodeJS.Platform): string {
  const file = quoted(path)
  const lines = [...SYSTEMS[platform === 'darwin' || platform === 'win32' ? platform : 'linux'], ...PROGRAMS]
  const width = Math.max(...lines.map(([where]) => where.length))
  const commands = lines.map(
    ([where, command]) => `  ${where.padEnd(width)}  ${command.replace('FILE', file)}`,
  )
  return `The authority for development is ${path}

Whoever trusts it trusts what this gateway serves with tls: internal, and anybody who can read the key beside it.
Nothing has been changed; each of these commands has it trusted in one place:

${commands.join('\n')}
`
}

type Line = readonly [where: string, command: string]

const SYSTEMS: Readonly<Record<'linux' | 'darwin' | 'win32', readonly Line[]>> = {
  linux: [
    [
      'Debian, Ubuntu',
      'sudo install -m 644 FILE /usr/local/share/ca-certificates/headgate.crt && sudo update-ca-certificates',
    ],
    ['Fedora, Arch', 'sudo trust anchor FILE'],
    ['Chromium', 'certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n headgate -i FILE'],
  ],
  darwin: [
    ['macOS', 'sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain FILE'],
  ],
  win32: [['Windows', 'certutil -user -addstore Root FILE']],
}

const PROGRAMS: readonly Line[] = [
  ['Node', 'export NODE_EXTRA_CA_CERTS=FILE'],
  ['curl', 'curl --cacert FILE https://localhost:8443/'],
  ['Firefox', 'Settings, Certificates, Authorities, Import: FILE'],
]

function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
