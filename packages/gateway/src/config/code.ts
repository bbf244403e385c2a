import { type CodeReference, isGiven, resolvedReference, writtenReference } from '../code/code-reference.ts'
import { importModule, type ImportedModule } from '../code/import-module.ts'
import { loadCode } from '../code/loaded-code.ts'
import { fieldOf } from '../settings/problems/fields.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import { ROUTE_SETTINGS } from '../stack.ts'
import type { GatewayConfig } from './schema/schema.ts'

type RouteConfig = GatewayConfig['routes'][number]

/** What came of running the modules that a configuration names. */
export interface WithCode {
  /** With the version of each reference. */
  readonly config: GatewayConfig
  readonly findings: readonly Finding[]
  /** The files that belong to the configuration, since code of it is in them. */
  readonly paths: readonly string[]
}

/** The references to code that a configuration holds. */
function codeIn({ routes }: Pick<GatewayConfig, 'routes'>): CodeReference[] {
  const found: CodeReference[] = []
  for (const route of routes) {
    mapCode(route, (reference) => {
      found.push(reference)
      return reference
    })
  }
  return found
}

/** Has this thread run what a configuration names. Rejects with what a module throws. */
export async function loadCodeOf(config: Pick<GatewayConfig, 'routes'>): Promise<void> {
  await loadCode(codeIn(config))
}

/** What a configuration names, as it is written with absolute paths. */
export function writtenCode(config: GatewayConfig): ReadonlySet<string> {
  return new Set(codeIn(config).map(writtenReference))
}

/**
 * Runs the modules that a configuration names, and sees whether they give what it takes from them.
 * @param mayRun which of them may be run, by what is written with an absolute path. Default: all
 */
export async function withCode(
  config: GatewayConfig,
  folder: string,
  mayRun: (code: string) => boolean = () => true,
): Promise<WithCode> {
  const versions = new Map<string, Checked>()
  const paths = new Set<string>()
  for (const reference of codeIn(config)) {
    const resolved = resolvedReference(reference, folder)
    const text = writtenReference(resolved)
    // oxlint-disable-next-line no-await-in-loop -- modules run one after the other, as imports do
    if (!versions.has(text)) versions.set(text, mayRun(text) ? await checked(resolved, paths) : NOT_HERE)
  }
  if (versions.size === 0) return { config, findings: [], paths: [] }
  const findings: Finding[] = []
  const routes = config.routes.map((route, index) =>
    mapCode(route, (reference, path) => {
      const resolved = resolvedReference(reference, folder)
      const found = versions.get(writtenReference(resolved))
      if (found?.version !== undefined) return { ...resolved, version: found.version }
      findings.push({ path: ['routes', index, ...path], problem: found?.problem ?? 'was not read' })
      return resolved
    }),
  )
  return { config: { ...config, routes }, findings, paths: [...paths] }
}

/** Settings that hold code. */
const ROWS = ROUTE_SETTINGS.filter((row) => row.code !== undefined)

/** The route with other references in place of its own. */
function mapCode(
  route: RouteConfig,
  each: (reference: CodeReference, path: Path) => CodeReference,
): RouteConfig {
  let mapped = route
  for (const { name, code } of ROWS) {
    const setting = fieldOf(route, name)
    if (setting === undefined || code === undefined) continue
    // The row says it of its own setting.
    const other: unknown = code(setting as never, (reference, path) => each(reference, [name, ...path]))
    mapped = { ...mapped, [name]: other }
  }
  return mapped
}

/** Whoever may change the configuration of a gateway that runs need not be somebody who may run programs on its machine. */
const NOT_HERE = {
  problem: 'is not run, as it is not in force: new modules are taken from the configuration file only',
}

type Checked = { readonly version: string } | { readonly version?: undefined; readonly problem: string }

/** Its version, once this thread has what it gives. */
async function checked(reference: CodeReference, paths: Set<string>): Promise<Checked> {
  if (isGiven(reference)) return { version: reference.version }
  paths.add(reference.module)
  let module: ImportedModule
  try {
    module = await importModule(reference.module)
  } catch (error) {
    return { problem: `cannot be run: ${describe(error)}` }
  }
  for (const file of module.files) paths.add(file)
  const { version } = module
  try {
    await loadCode([{ ...reference, version }])
    return { version }
  } catch (error) {
    return { problem: `cannot be used: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  const [first = ''] = error.message.split('\n')
  return code === undefined ? `${error.name}: ${first}` : first
}
