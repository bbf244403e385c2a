import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readPlainFile } from '../../plain-file.ts'
import { LARGEST_FILE, type SyntaxProblem } from './positions.ts'

export type TextResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: SyntaxProblem }

/** What is in a file of text, without a mark of its encoding; anything else than a file of bounded size is refused. */
export function readText(file: string): TextResult {
  try {
    return decoded(readPlainFile(file, LARGEST_FILE))
  } catch (error) {
    const why = whyUnreadable(error)
    return refused(
      why,
      why === 'it is a folder' ? 'it holds no configuration itself: name the file in it' : undefined,
    )
  }
}

function decoded(bytes: Buffer): TextResult {
  const encoding = encodingOf(bytes)
  if (encoding !== undefined) return refused(`it is in ${encoding}`, AS_UTF8)
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return refused('it is not in UTF-8', AS_UTF8)
  }
}

const AS_UTF8 = 'save it as UTF-8'

/** By its mark, or by the zeros that letters of Latin have there. */
function encodingOf(bytes: Buffer): string | undefined {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'UTF-16'
  return first === 0 || second === 0 ? 'UTF-16 or no text at all' : undefined
}

function refused(why: string, hint?: string): TextResult {
  const message = `the file cannot be read: ${why}`
  return { ok: false, problem: { message, ...(hint !== undefined && { hint }) } }
}

/** Why a file could not be read, in words. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'ENXIO') return 'it is no file, but a pipe, a socket or a device'
  if (code === 'ELOOP') return 'it is a link that leads to itself'
  if (code === 'EACCES') return 'this user may not read it'
  return error instanceof Error ? error.message : String(error)
}

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
