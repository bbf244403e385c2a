import { dirname, resolve } from 'node:path'
import { resolveFiles } from '../config/files.ts'
import { loadConfig, readInput } from '../config/load.ts'
import { type AdminConfig, applySchema } from '../config/schema/schema.ts'
import { newestVersion } from '../versions/newest-version.ts'
import { stateDirectory } from '../versions/state-directory.ts'

/** Where the gateway of a configuration file answers, and how that was found out. */
export interface AdminPlace {
  /** Undefined: the configuration names none, or nobody knows. */
  readonly admin: AdminConfig | undefined
  /** For whoever finds nobody there; undefined where the file says it. */
  readonly hint?: string
}

/**
 * A file with mistakes is when a running gateway is asked most: what is wrong elsewhere in it does not matter, and where its
 * section `admin` cannot be read, the last version that was put in force has one.
 */
export async function adminPlace(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<AdminPlace> {
  const loaded = await quietly(() => loadConfig(file))
  if (loaded?.ok === true) return { admin: adminOf(loaded.config.admin) }
  const input = await quietly(() => readInput(file))
  const written =
    typeof input === 'object' && input !== null ? (Reflect.get(input, 'admin') as unknown) : undefined
  const own =
    typeof input === 'object' && input !== null ? adminFrom(written, dirname(resolve(file))) : undefined
  if (own !== undefined) return { admin: own.admin, hint: `${file} has mistakes, but not there` }
  const version = await quietly(() => newestVersion(stateDirectory(file, env)))
  if (version === undefined) return { admin: undefined, hint: `${file} has mistakes, and no version is kept` }
  const admin = adminFrom(Reflect.get(Object(version.input), 'admin'), version.folder)?.admin
  return { admin, hint: `as version ${version.id} says, since ${file} has mistakes` }
}

/** The section alone, as if all else were in order; undefined if it is not itself. */
function adminFrom(
  written: unknown,
  folder: string,
): { readonly admin: AdminConfig | undefined } | undefined {
  const read = applySchema({ admin: written, routes: [{ respond: {} }] })
  return read.ok ? { admin: adminOf(resolveFiles(read.config, folder).admin) } : undefined
}

function adminOf(admin: AdminConfig | false): AdminConfig | undefined {
  return admin === false ? undefined : admin
}

/** Whatever is wrong with the file, these commands go on. */
async function quietly<Result>(read: () => Result | Promise<Result>): Promise<Result | undefined> {
  try {
    return await read()
  } catch {
    return undefined
  }
}
