import { dirname, extname, resolve } from 'node:path'
import type { GatewayConfig } from './schema/schema.ts'
import { checkFiles, resolveFiles } from './files.ts'
import { geoFileChecks } from '../features/geo/geo-files.ts'
import { readText, SCRIPTS, whyUnreadable } from '../settings/read/read-text.ts'
import { checkConfig, unprepared } from './parse.ts'
import { prepareInput } from '../settings/prepare/prepare.ts'
import { variablesOf } from '../settings/prepare/variables.ts'
import { type ConfigSource, firstFindings } from '../settings/problems/place.ts'
import type { ConfigProblem } from '../settings/problems/problem.ts'
import { redactUrls } from '../settings/redact-text.ts'
import type { FileContent, SyntaxProblem } from '../settings/read/positions.ts'
import { withCode } from './code.ts'
import { readSchemas, withSchemas } from './schemas.ts'
import { configWarnings } from './warnings.ts'

type ReadText = (text: string) => FileContent

const yaml = async (): Promise<ReadText> => (await import('../settings/read/yaml.ts')).readYaml

/** The readers, each with a library of its own that no other format needs. */
const TEXT_FORMATS: Readonly<Record<string, () => Promise<ReadText>>> = {
  '.yaml': yaml,
  '.yml': yaml,
  '.toml': async () => (await import('../settings/read/toml.ts')).readToml,
  '.json': async () => (await import('../settings/read/json.ts')).readJson,
}
export type LoadResult =
  | {
      readonly ok: true
      readonly config: GatewayConfig
      /** As it was written, with the names of variables. */
      readonly input: unknown
      /** What is no mistake, but can hardly be meant; found when it is asked for. */
      readonly warnings: () => ConfigProblem[]
      readonly furtherFiles?: FurtherFiles
    }
  | { readonly ok: false; readonly problems: ConfigProblem[]; readonly furtherFiles?: FurtherFiles }

/** Those that hold values of variables, schemas or code, or should, by their absolute paths. */
type FurtherFiles = readonly string[]

/**
 * Reads and checks a configuration file; its extension tells the format. Paths inside are resolved against its
 * folder, certificates are read. Mistakes of all kinds come back together, with their places; nothing is thrown.
 * @param databases whether those of addresses are read, too: to start, they must be whole; later, one that is not must not
 *   keep anybody from changing something else
 */
export async function loadConfig(file: string, databases: boolean = false): Promise<LoadResult> {
  const content = await readContent(file)
  const problems = content.problems.map((problem) => ofSyntax(problem, file))
  if (content.value === undefined) return { ok: false, problems }
  const { input, locate } = content.value
  if (input === null || input === undefined) {
    return {
      ok: false,
      problems: [...problems, ofSyntax({ message: 'the file holds no configuration' }, file)],
    }
  }
  const folder = dirname(resolve(file))
  const isUnquoted = /\.ya?ml$/i.test(file)
  const files = new Set<string>()
  const source: ConfigSource = {
    file,
    isUnquoted,
    variables: variablesOf(folder, process.env, (secret) => files.add(secret)),
    ...(locate !== undefined && { locate }),
  }
  const result = await checkInput(input, folder, source, databases)
  const furtherFiles = [...files, ...(result.furtherFiles ?? [])]
  if (!result.ok) return { ok: false, problems: [...problems, ...result.problems], furtherFiles }
  return problems.length > 0 ? { ok: false, problems, furtherFiles } : { ...result, furtherFiles }
}

/** The same for what was read from elsewhere. Without `source.variables`, it may hold none. */
export async function checkInput(
  input: unknown,
  folder: string,
  source: ConfigSource = {},
  databases: boolean = false,
): Promise<LoadResult> {
  const prepared = prepareInput(input, { ...source, root: source.locate?.root })
  if (!prepared.ok) return unprepared(prepared.finding, source)
  const further = [
    ...checkFiles(prepared.input, folder),
    ...(databases ? await geoFileChecks(prepared.input, folder) : []),
  ]
  const schemas = await readSchemas(prepared.input, folder)
  const furtherFiles = schemas?.paths ?? []
  const result = checkConfig(prepared, source, [...further, ...(schemas?.findings ?? [])])
  if (!result.ok) return { ...result, furtherFiles }
  const {
    config: uncoded,
    written,
    findings,
  } = withSchemas(resolveFiles(result.config, folder), schemas, folder)
  const { config, findings: ofCode, paths } = await withCode(uncoded, folder, source.mayRun)
  const all = [...findings, ...ofCode]
  if (all.length > 0)
    return {
      ok: false,
      problems: firstFindings(all, prepared, source),
      furtherFiles: [...furtherFiles, ...paths],
    }
  return {
    ok: true,
    config,
    input: prepared.written,
    furtherFiles: [...furtherFiles, ...paths],
    warnings: () => [
      // Of routes as they are written, so that each has its line.
      ...configWarnings(written, prepared, source),
      ...firstFindings(schemas?.warnings ?? [], prepared, source, 'warnings'),
    ],
  }
}

/** What a file holds, whatever is wrong with it; undefined where not even that can be said. */
export async function readInput(file: string): Promise<unknown> {
  return (await readContent(file)).value?.input
}

async function readContent(file: string): Promise<FileContent> {
  const extension = extname(file).toLowerCase()
  const read = TEXT_FORMATS[extension]
  if (read === undefined && !SCRIPTS.includes(extension)) {
    const known = [...Object.keys(TEXT_FORMATS), ...SCRIPTS].join(', ')
    return { problems: [{ message: 'the extension tells no format', hint: `known: ${known}` }] }
  }
  const text = readText(file)
  if (!text.ok) return { problems: [text.problem] }
  if (text.text.trim() === '') return { problems: [EMPTY] }
  try {
    if (read !== undefined) return (await read())(text.text)
    const { readScript } = await import('./script.ts')
    return await readScript(resolve(file))
  } catch (error) {
    return { problems: [{ message: `the file cannot be read: ${whyUnreadable(error)}` }] }
  }
}

const EMPTY: SyntaxProblem = {
  message: 'the file is empty',
  hint: 'the shortest configuration is one route: routes: [{ upstream: "http://127.0.0.1:9000" }]',
}

function ofSyntax({ message, ...rest }: SyntaxProblem, file: string): ConfigProblem {
  return { file, path: '', message: redactUrls(message), ...rest }
}
