import { stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Extensions of configurations that are programs. */
export const SCRIPTS: readonly string[] = ['.ts', '.mts', '.js', '.mjs']

/** In the order in which they are looked for. */
const FILE_NAMES = [
  ...SCRIPTS.map((extension) => `headgate.config${extension}`),
  ...['.yaml', '.yml', '.toml', '.json'].map((extension) => `headgate${extension}`),
]

/** The configuration file of a folder, and those beside it that are not read. */
export interface FoundConfig {
  readonly file: string
  /** By their names. */
  readonly others: readonly string[]
}

/** The configuration file of a folder, if there is one: `headgate.config.ts` before `headgate.yaml` and so on. */
export async function findConfig(directory: string): Promise<FoundConfig | undefined> {
  const found: string[] = []
  // A folder of that name is no configuration; where there is nothing else, it is taken, and then refused.
  const further: string[] = []
  for (const name of FILE_NAMES) {
    const stats = await stat(join(directory, name)).catch(() => undefined)
    if (stats?.isFile() === true) found.push(name)
    else if (stats !== undefined) further.push(name)
  }
  const [name = further[0], ...others] = found
  return name === undefined ? undefined : { file: join(directory, name), others }
}
