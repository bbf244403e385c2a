import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { LARGEST_SECRET, readPlainFile } from '../../plain-file.ts'
import { whyUnreadable } from '../read/read-text.ts'

/** Where the values of variables come from. */
export interface Variables {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What is in a file, or why that is not known. */
  readonly file: (path: string) => Found
  /** What a program prints, or why that is not known. @param command the program and its arguments, with blanks between them */
  readonly exec: (command: string) => Found
}

export type Found = { readonly ok: true; readonly text: string } | NotFound

export interface NotFound {
  readonly ok: false
  readonly problem: string
  readonly hint: string
}

/** `${NAME}` and its kin; `$${` stands for "${". Names of requests, as `${request.path}`, are in lower case. */
const VARIABLE = /\$\$\{|\$\{((?:[A-Z_]|file:|exec:)[^}]*)(\}?)/g
const FORM =
  /^(?:file:(?<path>[^\s].*)|exec:(?<command>[^\s].*)|(?<name>[A-Z_][A-Z0-9_]*)(?::-(?<otherwise>.*)|:\?(?<message>.*))?)$/s

export const FORMS =
  '${NAME}, ${NAME:-default}, ${NAME:?message}, ${file:PATH} or ${exec:PROGRAM ARGUMENTS}, names in upper case; "$${" stands for "${"'

export function holdsVariable(text: string): boolean {
  return text.includes('${') && [...text.matchAll(VARIABLE)].some(([whole]) => whole !== '$${')
}

/** Whether it is one variable and nothing else, and shows nothing but a name. */
export function isBareVariable(text: string): boolean {
  return /^\$\{(?:[A-Z_][A-Z0-9_]*|(?:file|exec):[^{}]+)\}$/.test(text)
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

function valueOf(inner: string, { env, file, exec }: Variables): Found {
  const { path, command, name = '', otherwise, message } = FORM.exec(inner)?.groups ?? {}
  if (path !== undefined) return file(path)
  if (command !== undefined) return exec(command)
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

/** What programs have printed last, for whoever only shows a configuration. */
const printedLast = new Map<string, Found>()

/**
 * The environment of this process, files and programs; relative paths start at the folder. Each is read, or run, once.
 * @param runs false where the configuration is only shown: what a program has printed last does, then
 */
export function variablesOf(
  folder: string,
  env: Variables['env'],
  read?: (file: string) => void,
  runs: boolean = true,
): Variables {
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
    exec(command) {
      const name = `exec ${folder} ${command}`
      const found =
        known.get(name) ?? (runs ? undefined : printedLast.get(name)) ?? printed(command, folder, env)
      known.set(name, found)
      printedLast.set(name, found)
      return found
    },
  }
}

/** How long a program may take, in milliseconds: whoever reads the configuration waits for it. */
const MOST_TIME = 5_000

/**
 * Without a shell: arguments are what stands between blanks, and nothing in them means anything else. What it writes to its standard
 * error is not told, as it may hold what it could not use.
 */
function printed(command: string, folder: string, env: Variables['env']): Found {
  const [program = '', ...given] = command.trim().split(/ +/)
  const file = program.includes('/') ? resolve(folder, program) : program
  const { error, status, signal, stdout } = spawnSync(file, given, {
    cwd: folder,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: MOST_TIME,
    killSignal: 'SIGKILL',
    maxBuffer: LARGEST_SECRET,
  })
  if (error !== undefined) return unrun(file, whyNotRun(error))
  if (status !== 0)
    return unrun(file, status === null ? `it was ended by ${signal}` : `it ended with ${status}`)
  try {
    const text = textOf(stdout)
    return text === '' ? unrun(file, 'it printed nothing') : { ok: true, text }
  } catch {
    return unrun(file, 'what it printed is not in UTF-8')
  }
}

function whyNotRun(error: Error & { readonly code?: string }): string {
  if (error.code === 'ETIMEDOUT') return `it took longer than ${MOST_TIME / 1000} s`
  if (error.code === 'EACCES') return 'it is no program that this user may run'
  if (error.code === 'ENOBUFS') return `it printed more than ${LARGEST_SECRET} bytes`
  return whyUnreadable(error)
}

function unrun(file: string, why: string): NotFound {
  const hint =
    'it prints one value and ends with 0; it is run without a shell, in the folder of the configuration'
  return { ok: false, problem: `needs what ${file} prints, which is not to be had: ${why}`, hint }
}

/** Without the line break at its end, which editors and `echo` leave there. Throws a TypeError if it is not in UTF-8. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
}

function secretIn(file: string): Found {
  try {
    const text = textOf(readPlainFile(file, LARGEST_SECRET))
    return text === '' ? unread(file, 'it is empty') : { ok: true, text }
  } catch (error) {
    return unread(file, error instanceof TypeError ? 'it is not in UTF-8' : whyUnreadable(error))
  }
}

function unread(file: string, why: string): NotFound {
  const hint = 'it holds one value; relative paths start at the folder of the configuration'
  return { ok: false, problem: `needs the file ${file}, which cannot be read: ${why}`, hint }
}
