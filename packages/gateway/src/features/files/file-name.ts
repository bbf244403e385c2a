/** What a path asks for, below the root. */
export interface AskedFile {
  /** Its parts joined by "/", without one at the start or end; empty for the root. */
  readonly name: string
  /** Whether it ended with a slash. */
  readonly asFolder: boolean
}

/** Where files are that programs seek at a well-known place, as those of certificate authorities (RFC 8615). */
const WELL_KNOWN = '.well-known'

/**
 * The file that a canonical path asks for; undefined where no file may have that name: one that begins with a dot holds settings, keys
 * or the history of a repository, and a part with an escaped slash is no part.
 */
export function fileName(path: string): AskedFile | undefined {
  const parts = path.slice(1).split('/')
  const asFolder = parts.at(-1) === ''
  if (asFolder) parts.pop()
  const names: string[] = []
  for (const part of parts) {
    const name = decoded(part)
    if (name === undefined || name === '' || /[/\\\0]/.test(name)) return undefined
    if (name.startsWith('.') && !(name === WELL_KNOWN && names.length === 0)) return undefined
    names.push(name)
  }
  return { name: names.join('/'), asFolder }
}

function decoded(part: string): string | undefined {
  if (!part.includes('%')) return part
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
