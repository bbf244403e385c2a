import { resolve } from 'node:path'
import { LARGEST_SECRET, readPlainFile } from '../../plain-file.ts'
import { whyUnreadable } from '../read/read-text.ts'

/** Where the values of variables come from. */
export interface Variables {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What is in a file, or why that is not known. */
  readonly file: (path: string) => Found
}

export type Found = { readonly ok: true; readonly text: string } | NotFound

export interface NotFound {
  readonly ok: false
  readonly problem: string
  readonly hint: string
}

/** `${NAME}` and its kin; `$${` stands for "${". Names of requests, as `${request.path}`, are in lower case. */
const VARIABLE = /\$\$\{|\$\{((?:[A-Z_]|file:)[^}]*)(\}?)/g
const FORM = /^(?:file:(?<path>[^\s].*)|(?<name>[A-Z_][A-Z0-9_]*)(?::-(?<otherwise>.*)|:\?(?<message>.*))?)$/s

export const FORMS =
  '${NAME}, ${NAME:-default}, ${NAME:?message} or ${file:PATH}, names in upper case; "$${" stands for "${"'

export function holdsVariable(text: string): boolean {
  return text.includes('${') && [...text.matchAll(VARIABLE)].some(([whole]) => whole !== '$${')
}

/** Whether it is one variable and nothing else, and shows nothing but a name. */
export function isBareVariable(text: string): boolean {
  return /^\$\{(?:[A-Z_][A-Z0-9_]*|file:[^{}]+)\}$/.test(text)
}

/** The text as it must be written to be read as it is: `replaceVariables` without `keepsEscapes`, the other way round. */
export function escapeVariables(text: string): string {
  return text.search(VARIABLE) < 0 ? text : text.replaceAll('${', () => '$${')
}

/**
 * The text with its variables replaced, or why that cannot be.
 * @param keepsEscapes whether `$${` stays, since whoever reads the text next knows it, too
 */
export function replaceVariables(text: string, variables: Variables, keepsEscapes: boolean): Found {
  let failed: NotFound | undefined
  const replaced = text.replaceAll(VARIABLE, (whole: string, inner: string | undefined, close: string) => {
    if (inner === undefined) return keepsEscapes ? whole : '${'
    const found = close === '' ? MALFORMED : valueOf(inner, variables)
    // What a variable stands for is a text, and never a template.
    if (found.ok) return keepsEscapes ? found.text.replaceAll('${', () => '$${') : found.text
    failed ??= found
    return ''
  })
  return failed ?? { ok: true, text: replaced }
}

const MALFORMED: NotFound = {
  ok: false,
  problem: 'holds "${" without a variable behind it',
  hint: `a variable is ${FORMS}`,
}

function valueOf(inner: string, { env, file }: Variables): Found {
  const { path, name = '', otherwise, message } = FORM.exec(inner)?.groups ?? {}
  if (path !== undefined) return file(path)
  if (name === '') return MALFORMED
  const value = env[name]
  if (value !== undefined && (value !== '' || (otherwise === undefined && message === undefined)))
    return { ok: true, text: value }
  if (otherwise !== undefined) return { ok: true, text: otherwise }
  const problem = `needs the variable ${name}, which is ${value === undefined ? 'not set in the environment' : 'empty'}`
  const hint =
    message === undefined || message === '' ? `set it, or write a default: \${${name}:-...}` : message
  return { ok: false, problem, hint }
}

/** The environment of this process, and files; relative ones start at the folder. */
export function variablesOf(folder: string, env: Variables['env'], read?: (file: string) => void): Variables {
  const known = new Map<string, Found>()
  return {
    env,
    file(path) {
      const file = resolve(folder, path)
      const found = known.get(file) ?? secretIn(file)
      known.set(file, found)
      read?.(file)
      return found
    },
  }
}

/** Without the line break at its end, which editors and `echo` leave there. */
function secretIn(file: string): Found {
  try {
    const bytes = readPlainFile(file, LARGEST_SECRET)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
    return text === '' ? unread(file, 'it is empty') : { ok: true, text }
  } catch (error) {
    return unread(file, error instanceof TypeError ? 'it is not in UTF-8' : whyUnreadable(error))
  }
}

function unread(file: string, why: string): NotFound {
  const hint = 'it holds one value; relative paths start at the folder of the configuration'
  return { ok: false, problem: `needs the file ${file}, which cannot be read: ${why}`, hint }
}
