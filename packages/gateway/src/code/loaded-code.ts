import { type CodeReference, isGiven, valueAtPointer, writtenReference } from './code-reference.ts'
import { importModule } from './import-module.ts'
import { isCode } from './inline-code.ts'

/** What references stand for in this thread, by their text: as the modules themselves, for as long as the thread lives. */
const loaded = new Map<string, unknown>()

/** Runs the modules of these references in this thread. Rejects with what one throws, and where one gives nothing. */
export async function loadCode(references: Iterable<CodeReference>): Promise<void> {
  for (const reference of references) {
    if (loaded.has(keyOf(reference))) continue
    // oxlint-disable-next-line no-await-in-loop -- modules run one after the other, as imports do
    const { exports } = await importModule(reference.module, reference.version)
    loaded.set(keyOf(reference), valueOf(exports, reference))
  }
}

/** For values that a program has handed over: there is nothing to run. */
export function giveCode(reference: CodeReference, value: unknown): void {
  loaded.set(keyOf(reference), value)
}

/** @throws TypeError if nobody has loaded it */
export function codeOf(reference: CodeReference): unknown {
  const value = loaded.get(keyOf(reference))
  if (value === undefined) throw new TypeError(`${writtenReference(reference)} was not loaded in this thread`)
  return value
}

/**
 * What a module gives under the name of a reference.
 * @throws TypeError that says what is missing
 */
function valueOf(exports: Readonly<Record<string, unknown>>, reference: CodeReference): unknown {
  const { export: name } = reference
  const isPlace = name.startsWith('/')
  const value = isPlace ? valueAtPointer(exports['default'], name) : exports[name]
  if (isCode(value)) return value
  if (isPlace) throw new TypeError('it gives another configuration each time that it is run')
  const others = Object.keys(exports).filter((each) => isCode(exports[each]))
  const known =
    others.length === 0 ? 'it exports none' : `it has ${others.map((each) => `#${each}`).join(', ')}`
  const wanted = name === 'default' ? 'has no default export' : `exports nothing under the name ${name}`
  if (value === undefined)
    throw new TypeError(`it ${wanted} that is a function or an object with fetch: ${known}`)
  throw new TypeError(
    `its export ${name} is a ${typeof value}, and not a function or an object with fetch: ${known}`,
  )
}

function keyOf(reference: CodeReference): string {
  return `${reference.version} ${isGiven(reference) ? '' : 'file '}${writtenReference(reference)}`
}
