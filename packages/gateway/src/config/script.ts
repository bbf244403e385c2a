import { stat } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { defineConfig } from './define-config.ts'
import type { FileContent } from '../settings/read/positions.ts'

/** What Node says of a file that needs more than its types stripped: enums, imports without extension. */
const NEEDS_MORE = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
])

/** Runs a configuration written in TypeScript or JavaScript and takes its default export. */
export async function readScript(file: string): Promise<FileContent> {
  try {
    const module = await importFresh(file)
    if (!Object.hasOwn(module, 'default')) {
      return {
        problems: [
          { message: 'the file has no default export', hint: 'write: export default defineConfig({ ... })' },
        ],
      }
    }
    return { problems: [], value: { input: module['default'] } }
  } catch (error) {
    return { problems: [{ message: `the file could not be run: ${describe(error)}` }] }
  }
}

async function importFresh(file: string): Promise<Record<string, unknown>> {
  try {
    // Modules are cached by URL: a file that has changed since must be read again.
    const { mtimeMs } = await stat(file)
    return await import(`${pathToFileURL(file).href}?changed=${mtimeMs}`)
  } catch (error) {
    // A SyntaxError may just say that the package around the file is CommonJS (`npm init` makes such).
    const mayHelp = error instanceof SyntaxError || (file.endsWith('ts') && NEEDS_MORE.has(codeOf(error)))
    if (!mayHelp) throw error
    // A configuration needs nothing installed beside it: "headgate" is this very program.
    const { createJiti } = await import('jiti')
    const virtualModules = { headgate: { defineConfig } }
    return await createJiti(import.meta.url, { moduleCache: false, fsCache: false, virtualModules }).import(
      file,
    )
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
