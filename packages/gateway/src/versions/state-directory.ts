import { createHash } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import { stateFolder } from '../state-folder.ts'

/**
 * Where the versions of a configuration file are kept by default: in the folder that systemd gives (StateDirectory=), else in
 * that of the user (XDG), one folder for each file. Not beside the file: that folder is often read-only, or a repository.
 */
export function stateDirectory(file: string, env: Readonly<Record<string, string | undefined>>): string {
  const path = resolve(file)
  const name = `${basename(path)}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`
  return join(stateFolder(env), name)
}
