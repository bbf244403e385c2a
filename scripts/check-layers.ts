// What may import what, and how long a file may be: the rules of ARCHITECTURE.md that no general linter knows.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../packages', import.meta.url))
/** Lines of a file: beyond the first a second idea may hide in it, beyond the second it does. */
const longFile = 300
const longestFile = 400

/** The folders of core from the ground up, each with those it may import beside itself. */
const ground = ['time']
const telemetry = [...ground, 'telemetry']
const wire = [...telemetry, 'message', 'fields']
const sides = [...wire, 'socket', 'h1', 'h2']
const coreLayers: Record<string, string[]> = {
  time: [],
  telemetry: ground,
  message: telemetry,
  fields: [...telemetry, 'message'],
  socket: wire,
  h1: [...wire, 'socket'],
  h2: [...wire, 'socket'],
  // What makes connections of either version.
  accept: sides,
  // Neighbours: a policy wraps a handler and does not know what an upstream is, nor the other way round.
  upstream: sides,
  policies: sides,
  testing: [...sides, 'upstream', 'policies'],
  // Modules of WebAssembly, which know nothing of HTTP.
  wasm: [],
  '.': [...sides, 'accept', 'upstream', 'policies'],
}

/**
 * The folders of the gateway from the ground up: each may import those of lower floors. Files outside of folders put the rooms
 * together, and are not judged.
 */
const gatewayFloors = [
  ['settings', 'metrics'],
  ['code', 'routing'],
  ['features'],
  ['config'],
  ['discovery', 'listen', 'admin-api', 'authority'],
  ['upstreams', 'acme'],
  ['layers'],
  ['explain', 'surveys'],
  ['embedding', 'replay', 'workers'],
  ['app', 'versions'],
  ['admin'],
  ['cli'],
]

/** The rooms of ecs, each with those that it may import beside itself. */
const ecsLayers: Record<string, string[]> = {
  port: [],
  // What every world does alike.
  frame: ['port'],
  // Neighbours: worlds know nothing of HTTP, and HTTP knows no world.
  world: ['port', 'frame'],
  koota: ['port', 'frame'],
  http: ['port'],
  testing: ['port'],
  '.': ['port', 'world', 'http'],
}

/** The packages of the workspace that each package may import. */
const packageLayers: Record<string, string[]> = {
  core: [],
  client: ['@headgate/core'],
  ecs: ['@headgate/core', '@headgate/client'],
  gateway: ['@headgate/core', '@headgate/client'],
}

/** The packages that may use third-party libraries. */
const withLibraries = new Set(['ecs', 'gateway'])

interface Import {
  /** Relative to the root of the workspace, with the line. */
  where: string
  file: string
  specifier: string
}

// The formatter puts every import and export statement, or its closing brace, at the start of a line.
const importPattern = /(?:^(?:import|export|\})[^'\n]*? from |^import |\bimport\()'([^']+)'/

function importsOf(packageName: string, file: string, text: string): Import[] {
  return text.split('\n').flatMap((line, index) => {
    const specifier = /^\s*(?:\*|\/\/|\/\*)/.test(line) ? undefined : importPattern.exec(line)?.[1]
    if (specifier === undefined) return []
    return [{ where: `packages/${packageName}/src/${file}:${index + 1}`, file, specifier }]
  })
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '.'
}

function checkRelative(packageName: string, { where, file, specifier }: Import): string[] {
  const target = normalize(join(dirname(file), specifier))
  if (target.startsWith('..'))
    return [`${where}: ${specifier} leaves the package: import the other one by its name`]
  const [from, to] = [folderOf(file), folderOf(target)]
  if (packageName === 'client' || (packageName === 'gateway' && (from === '.' || to === '.'))) return []
  const allowed = allowedFrom(packageName, from)
  if (allowed === undefined)
    return [`${where}: the folder ${from} has no layer yet: give it one in scripts/check-layers.ts`]
  if (from === to || allowed.includes(to)) return []
  return [`${where}: ${from} must not import ${to} (allowed: ${allowed.join(', ') || 'nothing'})`]
}

function allowedFrom(packageName: string, folder: string): string[] | undefined {
  if (packageName === 'core') return coreLayers[folder]
  return packageName === 'ecs' ? ecsLayers[folder] : lowerFloors(folder)
}

function lowerFloors(folder: string): string[] | undefined {
  const floor = gatewayFloors.findIndex((folders) => folders.includes(folder))
  return floor < 0 ? undefined : gatewayFloors.slice(0, floor).flat()
}

function checkPackage(packageName: string): string[] {
  const source = join(packages, packageName, 'src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  const libraries = new Map<string, Import>()
  const checkNamed = (found: Import): string[] => {
    const { where, file, specifier } = found
    const library = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
    const own = packageLayers[packageName] ?? []
    if (library.startsWith('@headgate/') || library === 'headgate') {
      return own.includes(library) ? [] : [`${where}: ${packageName} must not import ${library}`]
    }
    if (!withLibraries.has(packageName))
      return [`${where}: ${packageName} has no dependencies, but imports ${library}`]
    const first = libraries.get(library) ?? found
    libraries.set(library, first)
    return first.file === file
      ? []
      : [`${where}: ${library} is imported in ${first.where} already: one file per library`]
  }
  return files.sort().flatMap((file) => {
    const text = readFileSync(join(source, file), 'utf8')
    // What is generated is nobody's to read from top to bottom.
    const lines = text.startsWith('// Generated ') ? 0 : text.split('\n').length - 1
    const long = `packages/${packageName}/src/${file}: ${lines} lines, more than ${longFile}: look for the second idea`
    if (lines > longFile && lines <= longestFile) console.warn(`warning: ${long}`)
    return [
      ...(lines > longestFile ? [long] : []),
      ...importsOf(packageName, file, text).flatMap((found) => {
        if (found.specifier.startsWith('node:')) return []
        return found.specifier.startsWith('.') ? checkRelative(packageName, found) : checkNamed(found)
      }),
    ]
  })
}

const problems = readdirSync(packages).flatMap(checkPackage)
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0
