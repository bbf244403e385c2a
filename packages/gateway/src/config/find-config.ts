import { stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Extensions of configurations that are programs. */
export const SCRIPTS: readonly string[] = ['.ts', '.mts', '.js', '.mjs']

/** In the order in which they are looked for. */
const FILE_NAMES = [
  ...SCRIPTS.map((extension) => `headgate.config${extension}`),
  ...['.yaml', '.yml', '.toml', '.json'].map((extension) => `headgate${extension}`),
]

/** The configuration file of a folder, if there is one: `headgate.config.ts` before `headgate.yaml` and so on. */
export async function findConfig(directory: string): Promise<string | undefined> {
  for (const name of FILE_NAMES) {
    const file = join(directory, name)
    const found = await stat(file).catch(() => undefined)
    if (found?.isFile() === true) return file
  }
  return undefined
}
