import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { readPlainFile } from '../../plain-file.ts'
import { whyUnreadable } from '../../settings/read/read-text.ts'
import type { FileContent } from '../../settings/read/positions.ts'
import { LostReference, type SchemaFile } from './schema-documents.ts'

/** Of one file. OpenAPI documents of the largest public APIs have about half of it. Bytes. */
const LARGEST = 16 * 1024 * 1024

const MOST_FILES = 500

/** Reads files of schemas, each once. */
export class SchemaFileReader {
  /** By absolute path. */
  readonly files: Record<string, SchemaFile> = {}
  /** Those that could not be read are named, too: one day they may be there. */
  readonly paths = new Set<string>()
  private readonly readText: Readonly<Record<string, (text: string) => FileContent>>

  private constructor(readText: Readonly<Record<string, (text: string) => FileContent>>) {
    this.readText = readText
  }

  static async load(): Promise<SchemaFileReader> {
    const { readYaml } = await import('../../settings/read/yaml.ts')
    const { readJson } = await import('../../settings/read/json.ts')
    return new SchemaFileReader({ '.json': readJson, '.yaml': readYaml, '.yml': readYaml })
  }

  /** @throws LostReference that says why it cannot be used */
  readonly read = (file: string): unknown => {
    const read = this.readText[extname(file).toLowerCase()]
    if (read === undefined) throw new LostReference('is no file of JSON or YAML (.json, .yaml, .yml)')
    this.paths.add(file)
    if (this.paths.size > MOST_FILES) throw new LostReference(`is one of more than ${MOST_FILES} files`)
    let bytes: Buffer
    try {
      bytes = readPlainFile(file, LARGEST)
    } catch (error) {
      throw new LostReference(`cannot be read: ${whyUnreadable(error)}`)
    }
    const { problems, value } = read(bytes.toString('utf8'))
    const [problem] = problems
    if (problem !== undefined || value === undefined) {
      const line = problem?.line === undefined ? '' : `line ${problem.line}: `
      throw new LostReference(`cannot be read: ${line}${problem?.message ?? 'it holds nothing'}`)
    }
    const digest = createHash('sha256').update(bytes).digest('hex')
    this.files[file] = { digest, content: value.input }
    return value.input
  }
}
