import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { PACKAGE_FOLDER } from '../package-folder.ts'

/** A module of somebody's own, as it was when it was read last. */
export interface ImportedModule {
  readonly exports: Readonly<Record<string, unknown>>
  /** Of what it and the files that it imports hold. */
  readonly version: string
  /** These files, itself first. */
  readonly files: readonly string[]
}

/** What Node says of a file that needs more than its types stripped: enums, imports without extension. */
const NEEDS_MORE = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
])

/** By file: as Node keeps modules, for as long as the thread lives. */
const imported = new Map<string, ImportedModule>()

/**
 * Runs a module of somebody's own, in TypeScript or JavaScript, unless it was run as it is now. Node keeps modules by their URL, so
 * that a file which has changed is another module only under another URL; and so are the files that it imports by a relative path.
 * Rejects with what the module throws.
 * @param version what it should be: a thread that has it runs nothing. Default: what its files hold now
 */
export async function importModule(file: string, version?: string): Promise<ImportedModule> {
  const known = imported.get(file)
  if (known !== undefined && known.version === (version ?? versionOf(known.files))) return known
  const files = new Set([file])
  const exports = await importAnew(file, files)
  const module = { exports, version: version ?? versionOf(files), files: [...files] }
  imported.set(file, module)
  return module
}

/** What the files hold. One that cannot be read is a version, too: it may come back. */
function versionOf(files: Iterable<string>): string {
  const hash = createHash('sha256')
  for (const file of files) {
    hash.update(file).update('\0')
    try {
      hash.update(readFileSync(file))
    } catch {
      hash.update('\0')
    }
  }
  return hash.digest('hex').slice(0, 16)
}

async function importAnew(file: string, files: Set<string>): Promise<Record<string, unknown>> {
  try {
    const load = beginLoad(files)
    return (await import(`${pathToFileURL(file).href}?${MARK}=${load}`)) as Record<string, unknown>
  } catch (error) {
    // A SyntaxError may just say that the package around the file is CommonJS (`npm init` makes such).
    const mayHelp = error instanceof SyntaxError || (file.endsWith('ts') && NEEDS_MORE.has(codeOf(error)))
    if (!mayHelp) throw error
    const { createJiti } = await import('jiti')
    const alias = { headgate: fileURLToPath(OWN_ENTRY) }
    return await createJiti(import.meta.url, { moduleCache: false, fsCache: false, alias }).import(file)
  }
}

/** In the URL of a module: which load it belongs to. */
const MARK = 'headgate-load'

/** A text in which modules have the names of their files. */
export function withoutMark(text: string): string {
  return text.replaceAll(new RegExp(`\\?${MARK}=\\d+`, 'g'), '')
}

/** What programs import as "headgate": modules of a configuration need nothing installed beside them. */
const OWN_ENTRY = new URL('dist/for-modules.js', PACKAGE_FOLDER)

/** The files of each load: who imports what while it goes on, and later. */
const loads: Set<string>[] = []

function beginLoad(files: Set<string>): number {
  if (loads.length === 0) registerHooks({ resolve: resolveWithin })
  return loads.push(files) - 1
}

/** Takes over the mark of the importing module for files of its own: those of packages are what they are. */
const resolveWithin: NonNullable<Parameters<typeof registerHooks>[0]['resolve']> = (
  specifier,
  context,
  next,
) => {
  const load = loadOf(context.parentURL)
  if (load === undefined) return next(specifier, context)
  if (specifier === 'headgate') return ownEntry(() => next(specifier, context))
  const resolved = next(specifier, context)
  const { url } = resolved
  if (!url.startsWith('file:') || url.includes('/node_modules/') || url.includes('?')) return resolved
  loads[load]?.add(fileURLToPath(url))
  return { ...resolved, url: `${url}?${MARK}=${load}` }
}

/** The one that is installed beside the module counts more. */
function ownEntry<Resolved extends { url: string }>(
  installed: () => Resolved,
): Resolved | { url: string; shortCircuit: true } {
  try {
    return installed()
  } catch {
    return { url: OWN_ENTRY.href, shortCircuit: true }
  }
}

function loadOf(parent: string | undefined): number | undefined {
  const mark = parent?.lastIndexOf(`?${MARK}=`) ?? -1
  return parent === undefined || mark < 0 ? undefined : Number(parent.slice(mark + MARK.length + 2))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
