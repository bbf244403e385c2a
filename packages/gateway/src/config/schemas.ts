import type { FoundSchemas } from '../features/validation/find-schemas.ts'
import { KnownDocuments } from '../features/validation/known-documents.ts'
import { operationRoutes } from '../features/validation/openapi/operation-routes.ts'
import { validateSections } from '../features/validation/schema-sections.ts'
import type { Finding } from '../settings/problems/problem.ts'
import { defaultRouteName, type GatewayConfig } from './schema/schema.ts'

/** Reads the schemas of a configuration as it was written; undefined where no route has any. */
export async function readSchemas(input: unknown, folder: string): Promise<FoundSchemas | undefined> {
  const sections = validateSections(input)
  if (sections.length === 0) return undefined
  // What reads and compiles them takes a tenth of a second to load.
  const { findSchemas } = await import('../features/validation/find-schemas.ts')
  return findSchemas(sections, folder)
}

/** What comes of a configuration with its files. */
export interface WithSchemas {
  readonly config: GatewayConfig
  /** With the routes that are written, for warnings that name their lines. */
  readonly written: GatewayConfig
  readonly findings: readonly Finding[]
}

/** The configuration with the files that were read, and with routes for the operations of documents in place of those that ask for them. */
export function withSchemas(
  config: GatewayConfig,
  schemas: FoundSchemas | undefined,
  folder: string,
): WithSchemas {
  if (schemas === undefined || Object.keys(schemas.files).length === 0)
    return { config, written: config, findings: [] }
  const known = { folder, files: schemas.files }
  const complete = { ...config, schemas: known }
  if (config.routes.every(({ validate }) => validate?.openapi?.routes !== true))
    return { config: complete, written: complete, findings: [] }
  const documents = new KnownDocuments(known)
  const made = config.routes.map((route, index) =>
    operationRoutes(route, route.name === defaultRouteName(index) ? undefined : route.name, documents),
  )
  const written = config.routes.map((route, index) => standingFor(route, made[index] ?? []))
  return {
    config: inPlace(complete, made),
    written: { ...complete, routes: written },
    findings: doubleNames(made),
  }
}

/**
 * A route with the paths of those that it makes. It has a condition that no other has: which methods it takes depends on the path, so
 * that nothing can be said to be taken by it.
 */
function standingFor(
  route: GatewayConfig['routes'][number],
  made: GatewayConfig['routes'],
): GatewayConfig['routes'][number] {
  if (made[0] === route) return route
  const path = [...new Set(made.flatMap(({ match }) => match.path))]
  return { ...route, match: { ...route.match, path, pathRegex: '.*' } }
}

/** With several routes in the place of one, whatever tells of routes by their position. */
function inPlace(config: GatewayConfig, made: readonly GatewayConfig['routes'][]): GatewayConfig {
  const { shared, variables } = config
  const starts: number[] = []
  let start = 0
  for (const routes of made) {
    starts.push(start)
    start += routes.length
  }
  return {
    ...config,
    routes: made.flat(),
    ...(shared && {
      shared: {
        ...shared,
        routes: shared.routes.flatMap((sharing, index) => (made[index] ?? []).map(() => sharing)),
      },
    }),
    ...(variables && {
      variables: variables.flatMap((variable) => {
        const [section, index, ...rest] = variable.path
        if (section !== 'routes' || typeof index !== 'number') return [variable]
        return (made[index] ?? []).map((_, place) => ({
          ...variable,
          path: [section, (starts[index] ?? 0) + place, ...rest],
        }))
      }),
    }),
  }
}

function doubleNames(made: readonly GatewayConfig['routes'][]): Finding[] {
  const taken = new Set<string>()
  return made.flatMap((routes, index) => {
    const twice = routes.filter(({ name }) => taken.size === taken.add(name).size).map(({ name }) => name)
    if (twice.length === 0) return []
    const problem = `makes a route that is called as another is: ${twice.slice(0, 5).join(', ')}`
    const hint = 'a route with a name of its own makes names that begin with it'
    return [{ path: ['routes', index], whole: true, problem: `this route ${problem}`, hint }]
  })
}
