import { join } from 'node:path'
import { stateFolder } from '../state-folder.ts'

/** Where the gateway keeps the keys and certificates that it makes or gets by itself. */
export function storageFolder(
  setting: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return setting ?? join(stateFolder(env), 'tls')
}

/** The local authority, within it. */
export function authorityFolder(storage: string): string {
  return join(storage, 'authority')
}

/** The file there that clients are to trust. */
export const ROOT = 'root.pem'
