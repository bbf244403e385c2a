import { realpathSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import { fieldOf } from '../../../settings/problems/fields.ts'
import type { Finding, Path } from '../../../settings/problems/problem.ts'
import type { SchemaCompiler } from '../schema-compiler.ts'
import type { SchemaProblem } from '../schema-place.ts'
import { LostReference, SchemaDocuments } from '../schema-documents.ts'
import { OperationCompiler } from './compile-operation.ts'
import { type ApiDocument, readApi } from './document.ts'

/** Schemas of all operations of a document, those that several use counted once for each: to compile so many takes seconds. */
const MOST_SCHEMAS = 50_000

export interface DocumentFindings {
  readonly findings: readonly Finding[]
  readonly warnings: readonly Finding[]
}

const NOTHING: DocumentFindings = { findings: [], warnings: [] }

/**
 * Reads the document that a section of a configuration names, as it was written, and compiles its operations once.
 * @param read what is in a file
 */
export function checkDocument(
  written: unknown,
  path: Path,
  folder: string,
  read: (file: string) => unknown,
  compiler: SchemaCompiler,
): DocumentFindings {
  const file = typeof written === 'string' ? written : fieldOf(written, 'document')
  const at = typeof written === 'string' ? path : [...path, 'document']
  if (typeof file !== 'string' || file.trim() === '' || file.includes('\0')) return NOTHING
  const base = fieldOf(written, 'base')
  const absolute = resolve(folder, file)
  const documents = new SchemaDocuments(within(dirname(absolute), read))
  let api: ApiDocument
  try {
    api = readApi(absolute, typeof base === 'string' ? base : undefined, documents)
  } catch (error) {
    if (!(error instanceof LostReference)) throw error
    const allowed = 'the path of a document of OpenAPI 3.0 or 3.1'
    return { findings: [{ path: at, problem: error.message, allowed }], warnings: [] }
  }
  const responses = fieldOf(written, 'responses') ?? 'ignore'
  const problems = new Problems()
  problems.add(api.problems)
  if (api.operations.length === 0 && api.problems.length === 0)
    problems.mistakes.add(`${absolute} has no operations`)
  addOperationProblems(problems, api, documents, responses !== 'ignore', compiler)
  const told = (texts: ReadonlySet<string>): Finding[] =>
    Array.from(texts, (problem) => ({ path: at, whole: true, problem }))
  const only = fieldOf(written, 'operation')
  const isKnown = typeof only !== 'string' || api.operations.some(({ name }) => name === only)
  return {
    findings: [...told(problems.mistakes), ...(isKnown ? [] : [unknownOperation(path, api)])],
    warnings: told(problems.warnings),
  }
}

/** As sentences; what several operations refer to is told once. */
class Problems {
  readonly mistakes = new Set<string>()
  readonly warnings = new Set<string>()

  add(problems: readonly SchemaProblem[]): void {
    for (const { place, problem, isWarning } of problems)
      (isWarning === true ? this.warnings : this.mistakes).add(`${place} ${problem}`)
  }
}

function addOperationProblems(
  problems: Problems,
  api: ApiDocument,
  documents: SchemaDocuments,
  withResponses: boolean,
  compiler: SchemaCompiler,
): void {
  let size = 0
  const operations = new OperationCompiler(api, documents, (copy) => {
    size += copy.size
    problems.add(copy.problems)
    const isWhole = copy.problems.every(({ isWarning }) => isWarning === true)
    if (isWhole) for (const mistake of compiler.mistakesInSchema(copy)) problems.mistakes.add(mistake)
    return undefined
  })
  for (const operation of api.operations) {
    operations.compile(operation, withResponses)
    if (size <= MOST_SCHEMAS) continue
    problems.mistakes.add(
      `${operation.place.document.name} has operations with more than ${MOST_SCHEMAS} schemas together: fewer take less time to compile`,
    )
    break
  }
  problems.add(operations.problems)
}

function unknownOperation(path: Path, { operations }: ApiDocument): Finding {
  const names = operations.slice(0, 20).map(({ name }) => name)
  const allowed = `an operation of the document: ${names.join(', ')}${operations.length > 20 ? ' …' : ''}`
  return { path: [...path, 'operation'], problem: 'is no operation of the document', allowed }
}

/** Whoever writes the document names no files but those beside it: not even through a link. */
function within(folder: string, read: (file: string) => unknown): (file: string) => unknown {
  return (file) => {
    if (!isInside(file, folder) || !isInside(real(file), real(folder)))
      throw new LostReference('leads out of the folder of the document')
    return read(file)
  }
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // Whoever reads it says that it is not there.
    return path
  }
}

function isInside(file: string, folder: string): boolean {
  return file.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
