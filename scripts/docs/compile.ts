import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './markdown.ts'

/** Type-checks TypeScript as strictly as a reader may. Rejects with what the compiler says. */
export async function compile(path: string, files: readonly string[]): Promise<void> {
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  try {
    await promisify(execFile)(tsc, [...options, '--skipLibCheck', ...files], { cwd: path, timeout: 60_000 })
  } catch (error) {
    throw new Error(`it does not compile: ${(error as { stdout?: string }).stdout}`, { cause: error })
  }
}
