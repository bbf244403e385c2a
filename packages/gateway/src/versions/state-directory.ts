import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'

/**
 * Where the versions of a configuration file are kept by default: in the folder that systemd gives (StateDirectory=), else in
 * that of the user (XDG), one folder for each file. Not beside the file: that folder is often read-only, or a repository.
 */
export function stateDirectory(file: string, env: Readonly<Record<string, string | undefined>>): string {
  const path = resolve(file)
  const name = `${basename(path)}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`
  const given = env['STATE_DIRECTORY']?.split(':')[0]
  if (given !== undefined && given !== '') return join(given, name)
  const xdg = env['XDG_STATE_HOME']
  const base = xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.local', 'state')
  return join(base, 'headgate', name)
}
