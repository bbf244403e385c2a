import { parsed, type Parsed, refused } from '../../../settings/values/parsed.ts'

/** A line of a file of keys, as it is written; whether its values are valid is for the setting to say. */
export interface KeyLine {
  /** From 1. */
  readonly line: number
  readonly fields: KeyWords & { readonly name: string; readonly hash: string }
}

export interface KeyWords {
  readonly groups?: readonly string[]
  readonly scopes?: readonly string[]
  readonly expires?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/**
 * A file of keys: one to a line, as `shop sha256:… groups=partners scopes=orders:read expires=2027-01-31 owner=anna`. What is
 * none of groups, scopes and expires is metadata. Empty lines and those that begin with "#" say nothing.
 */
export function parseKeyLines(text: string): Parsed<KeyLine[]> {
  const lines: KeyLine[] = []
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    if (written.trim() === '' || written.startsWith('#')) continue
    const line = index + 1
    const [name = '', hash = '', ...pairs] = written.trim().split(/\s+/)
    const words = new Map<string, string>()
    for (const pair of pairs) {
      const [, key, value = ''] = /^([A-Za-z_][\w-]*)=(.*)$/s.exec(pair) ?? []
      if (key === undefined)
        return refused(
          `has a word in line ${line} that is no NAME=VALUE`,
          'a line is NAME sha256:HASH, and words such as groups=a,b',
        )
      words.set(key, value)
    }
    lines.push({ line, fields: { name, hash, ...wordsOf(words) } })
  }
  return parsed(lines)
}

function wordsOf(words: ReadonlyMap<string, string>): KeyWords {
  const { groups, scopes, expires, ...metadata } = Object.fromEntries(words)
  return {
    ...(groups !== undefined && { groups: listed(groups) }),
    ...(scopes !== undefined && { scopes: listed(scopes) }),
    ...(expires !== undefined && { expires }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  }
}

function listed(written: string): string[] {
  return written.split(',').filter((each) => each !== '')
}

/** The same, written. */
export function keyLine(
  name: string,
  hash: string,
  { groups = [], scopes = [], expires, metadata = {} }: KeyWords,
): string {
  const words = Object.entries({
    groups: groups.join(','),
    scopes: scopes.join(','),
    expires: expires ?? '',
    ...metadata,
  }).flatMap(([key, value]) => (value === '' ? [] : [`${key}=${value}`]))
  return [name, hash, ...words].join(' ')
}
