import { resolve } from 'node:path'
import { type Kind, textKind } from '../settings/values/kinds.ts'
import { parsed, refused } from '../settings/values/parsed.ts'

/** A value that a module gives: what a configuration holds in place of code, so that it can go to other threads and be kept as a version. */
export interface CodeReference {
  /** The path of the module's file. */
  readonly module: string
  /** The name of the export; with a slash at its start, a place within the default export (RFC 6901). */
  readonly export: string
  /** What the module and the files that it imports held when the configuration was read; empty before. */
  readonly version: string
}

/** The kind of settings that take code. In TypeScript, the function itself may stand there: see `inline-code.ts`. */
export function code(what: string, type: string): Kind<CodeReference> {
  return {
    ...textKind(
      what,
      `${what}: the path of a module, whose default export it is (./hello.ts), or with the name of another export (./hello.ts#hello); in a configuration in TypeScript, the value itself`,
      (written) => {
        const reference = readReference(written)
        if (reference.module.trim() === '') return refused('names no module')
        return written.includes('\0') ? refused('holds a NUL') : parsed(reference)
      },
      { pattern: '^[^#\\u0000]*[^#\\s\\u0000][^#\\u0000]*(?:#[^\\u0000]+)?$' },
    ),
    type,
    write: writtenReference,
  }
}

export function readReference(written: string): CodeReference {
  const hash = written.indexOf('#')
  const [module, name] = hash < 0 ? [written, ''] : [written.slice(0, hash), written.slice(hash + 1)]
  return { module, export: name === '' ? 'default' : name, version: '' }
}

export function writtenReference({ module, export: name }: CodeReference): string {
  return name === 'default' ? module : `${module}#${name}`
}

/** With its path made absolute: a relative one starts at the configuration's folder. */
export function resolvedReference(reference: CodeReference, folder: string): CodeReference {
  return isGiven(reference) ? reference : { ...reference, module: resolve(folder, reference.module) }
}

/** What stands in place of a file for values that a program has handed over. */
export const GIVEN = 'given:'

/** Whether a program has handed the value over: there is no module to read. */
export function isGiven({ module }: CodeReference): boolean {
  return module.startsWith(GIVEN)
}

/** A place as RFC 6901 writes it. */
export function pointerTo(path: readonly (string | number)[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** What stands at such a place; undefined if nothing does. */
export function valueAtPointer(value: unknown, pointer: string): unknown {
  let found = value
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found
}
