import { readPlainFile } from '../../plain-file.ts'
import { LARGEST_FILE } from './bounds.ts'
import type { SyntaxProblem } from './positions.ts'

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
