import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fieldOf } from '../../settings/problems/fields.ts'
import { type Finding, type Path, valueAt } from '../../settings/problems/problem.ts'
import { whyUnreadable } from '../../settings/read/read-text.ts'

/** Whether the root is a folder, and holds the files that a route names. Looks at the configuration as it was written. */
export function rootChecks(input: unknown, path: Path, folder: string): Finding[] {
  const written = valueAt(input, path)
  const root = fieldOf(written, 'root')
  if (!isPath(root)) return []
  const absolute = resolve(folder, root)
  const problem = folderProblem(absolute)
  if (problem !== undefined)
    return [{ path: [...path, 'root'], problem: `cannot be served: ${problem}`, allowed: 'a folder' }]
  return ['fallback', 'notFound'].flatMap((setting): Finding[] => {
    const name = fieldOf(written, setting)
    if (!isPath(name) || !name.startsWith('/') || isFile(join(absolute, name))) return []
    return [
      { path: [...path, setting], problem: `is no file below ${absolute}`, allowed: 'a file that is there' },
    ]
  })
}

function isPath(written: unknown): written is string {
  return typeof written === 'string' && written.trim() !== '' && !written.includes('\0')
}

function folderProblem(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : 'it is no folder'
  } catch (error) {
    return whyUnreadable(error).replace('no such file', 'no such folder')
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
