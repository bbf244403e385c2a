import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Peer, PeerSetup, Presence } from './peer.ts'

/** What a proxy program of this package is given, as JSON in its one argument. */
export type ProgramSetup = Pick<PeerSetup, 'port' | 'originPort' | 'tls'>

/** A proxy that is one of the programs of this package, run by this very Node. */
export function nodeProgram(name: string, library: string, tls: boolean, program: URL): Peer {
  return {
    name,
    tls,
    find: () => libraryVersion(library),
    prepare({ port, originPort, tls: certificate }) {
      const setup: ProgramSetup = { port, originPort, ...(certificate && { tls: certificate }) }
      return { command: process.execPath, args: [fileURLToPath(program), JSON.stringify(setup)] }
    },
  }
}

/** Reads what the benchmark gave to this program. */
export function readProgramSetup(): ProgramSetup {
  return JSON.parse(process.argv[2] ?? '') as ProgramSetup
}

/** The version of a package that this one depends on. */
export function libraryVersion(library: string): Presence {
  const require = createRequire(import.meta.url)
  try {
    let folder = dirname(require.resolve(library))
    // The entry may lie in a folder of the package, and `exports` may hide package.json from resolution.
    while (packageIn(folder)?.name !== library && folder !== dirname(folder)) folder = dirname(folder)
    return { version: packageIn(folder)?.version ?? 'of unknown version' }
  } catch (error) {
    return {
      missing: `${library} cannot be loaded (${error instanceof Error ? error.message : String(error)})`,
    }
  }
}

function packageIn(folder: string): { name?: string; version?: string } | undefined {
  const file = join(folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : undefined
}
