import { basename } from 'node:path'
import { importModule } from '../code/import-module.ts'
import { withoutCode } from '../code/inline-code.ts'
import type { FileContent } from '../settings/read/positions.ts'

/**
 * Runs a configuration written in TypeScript or JavaScript and takes its default export. Functions in it become references to their
 * places, at which any thread finds them again.
 */
export async function readScript(file: string): Promise<FileContent> {
  try {
    const { exports } = await importModule(file)
    if (!Object.hasOwn(exports, 'default')) {
      return {
        problems: [
          { message: 'the file has no default export', hint: 'write: export default defineConfig({ ... })' },
        ],
      }
    }
    const { input } = withoutCode(exports['default'], `./${basename(file)}`)
    return { problems: [], value: { input } }
  } catch (error) {
    return { problems: [{ message: `the file could not be run: ${describe(error)}` }] }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
