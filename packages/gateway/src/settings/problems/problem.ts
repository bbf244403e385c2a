/** One mistake in a configuration, with all that is needed to mend it. */
export interface ConfigProblem {
  /** As it was given to `loadConfig`. */
  readonly file?: string
  /** From 1. */
  readonly line?: number
  /** From 1, in UTF-16 code units as editors count. */
  readonly column?: number
  /** Where in the configuration: `routes[1].match.path`; empty for the whole of it. */
  readonly path: string
  /** The offending value, or the offending key; credentials inside it are hidden. */
  readonly value?: unknown
  readonly message: string
  /** What is allowed there. */
  readonly allowed?: string
  /** A sentence: what was probably meant, or what to do. */
  readonly hint?: string
  /** For so many mistakes that are not listed, after the first ones, and entries that were not looked at after these. */
  readonly further?: number
}

export type Path = readonly PropertyKey[]

/** A mistake before it is known where in the file its place is. */
export interface Finding {
  readonly path: Path
  /** Whether the value at the path or its key is what is wrong; the value when absent. */
  readonly part?: 'key' | 'value'
  /** A whole sentence if `whole`, otherwise the continuation of one that starts with the value or the key. */
  readonly problem: string
  readonly whole?: boolean
  /** Made when it is shown, where that takes time. */
  readonly allowed?: string | (() => string) | undefined
  readonly hint?: string | (() => string | undefined) | undefined
  /** It is no mistake, but stands for so many entries that were not looked at after very many mistakes. */
  readonly unseen?: number
}

/** What stands where it cannot have its effect. */
export function unused(path: Path, problem: string): Finding {
  return { path, part: 'key', problem }
}

/** `routes[1].match.path`; keys that are not plain words are quoted: `upstreams["a b"]`. */
export function formatPath(path: Path): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (typeof key === 'string' && /^[\w$][\w$-]*$/.test(key)) text += text === '' ? key : `.${key}`
    else text += `[${JSON.stringify(String(key))}]`
  }
  return text
}

/** The value at the path, or undefined. */
export function valueAt(input: unknown, path: Path): unknown {
  let value = input
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}

/**
 * Mistakes in the entries of one list or section, after which the others are not looked at: nobody reads so many, and each
 * takes time and memory to be told. A list of a million wrong entries held the gateway up for half a minute.
 */
export const MOST_MISTAKES = 500

/** What is found in the entries, one after the other, until it is enough. */
export function findEach<Entry>(
  entries: readonly Entry[],
  find: (entry: Entry, index: number) => readonly Finding[],
): Finding[] {
  const findings: Finding[] = []
  for (let index = 0; index < entries.length; index++) {
    for (const finding of find(entries[index] as Entry, index)) findings.push(finding) // within the list
    const unseen = entries.length - index - 1
    if (findings.length < MOST_MISTAKES || unseen === 0) continue
    findings.push({ path: [], problem: '', unseen })
    break
  }
  return findings
}
