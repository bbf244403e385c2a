import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build, transform } from 'esbuild'
import { root } from './child.mjs'
import { isFresh } from './fresh.mjs'

const [core, client, ecs] = ['core', 'client', 'ecs'].map((name) => join(root, 'packages', name))

const options = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.18',
  write: false,
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
}

/**
 * Writes what programs import of @headgate/client, @headgate/ecs and @headgate/core: one file for each entry of the client; for ecs, what its
 * entries share in a file of their own; for core, what these two use of it apart from the rest, in a file that all share, so that a class is one
 * class wherever it was imported from.
 */
export async function bundleLibraries() {
  if (isFresh(join(core, 'dist/client.js'), sources())) return // written with the last of them
  const ofClient = []
  for (const entry of ['index', 'disk', 'web/index', 'testing/index']) {
    const file = { in: join(client, `src/${entry}.ts`), out: entry }
    const { outputFiles } = await build({
      ...options,
      entryPoints: [file],
      outdir: join(client, 'dist'),
      plugins: [external(entry === 'index' ? '@headgate/core/client' : '@headgate/core')],
    })
    ofClient.push(...outputFiles)
  }
  await write(client, ofClient)
  const ofEcs = await bundleEcs()
  const names = new Set(
    [ofClient[0], ...ofEcs].flatMap(({ text }) =>
      namesIn(text, '@headgate/core/client').map(({ name }) => name),
    ),
  )
  const { outputFiles } = await build({
    ...options,
    entryPoints: [
      { in: join(core, 'src/index.ts'), out: 'index' },
      { in: join(core, 'src/testing/index.ts'), out: 'testing/index' },
      { in: 'client', out: 'client' },
    ],
    outdir: join(core, 'dist'),
    splitting: true,
    chunkNames: '[name]-[hash]',
    plugins: [clientEntry(names)],
  })
  await write(core, outputFiles)
}

async function bundleEcs() {
  const { outputFiles } = await build({
    ...options,
    entryPoints: ['index', 'koota/index', 'testing/index'].map((entry) => ({
      in: join(ecs, `src/${entry}.ts`),
      out: entry,
    })),
    outdir: join(ecs, 'dist'),
    splitting: true,
    chunkNames: '[name]-[hash]',
    external: ['@headgate/client', 'koota'],
    plugins: [external('@headgate/core/client')],
  })
  await write(ecs, outputFiles)
  return outputFiles
}

function sources() {
  const built = [core, client, ecs].map((folder) => join(folder, 'dist/.tsbuildinfo'))
  return [...built, ...['scripts/bundle-libraries.mjs', 'package-lock.json'].map((file) => join(root, file))]
}

/** Leaves core out of a bundle: `@headgate/core` under the name of the entry that has what it needs, the other entries as they are. */
function external(entry) {
  return {
    name: 'core',
    setup: (bundler) =>
      bundler.onResolve({ filter: /^@headgate\/core(\/.*)?$/ }, ({ path }) => ({
        path: path === '@headgate/core' ? entry : path,
        external: true,
      })),
  }
}

/** The entry `@headgate/core/client`, which exports what the client imports: no list that somebody must keep. */
function clientEntry(names) {
  // From where they are, and not from the main entry: a chunk takes a file with all that it imports.
  const contents = namesIn(readFileSync(join(core, 'src/index.ts'), 'utf8'), './')
    .filter(({ name }) => names.has(name))
    .map(({ name, path }) => `export { ${name} } from './src/${path}'\n`)
    .join('')
  return {
    name: 'client-entry',
    setup(bundler) {
      bundler.onResolve({ filter: /^client$/ }, () => ({ path: 'client', namespace: 'entry' }))
      bundler.onLoad({ filter: /.*/, namespace: 'entry' }, () => ({
        contents,
        resolveDir: core,
        loader: 'ts',
      }))
    },
  }
}

/** What a module imports or exports from paths that begin so. */
function namesIn(text, start) {
  return [...text.matchAll(/\{([^{}]*)\}\s*from\s*["']([^"']+)["']/g)]
    .filter(([, , path]) => path.startsWith(start))
    .flatMap(([, list, path]) =>
      list
        .split(',')
        .map((each) => ({ name: each.trim().split(/\s+as\s/)[0], path: path.slice(start.length) })),
    )
}

/**
 * The bundler makes `var Name = class _Name { … }` of a class that speaks of itself, and `_Name` is what errors and `inspect` would then
 * show. A class without a name of its own takes that of the variable, which within it means the same.
 */
function withClassNames(text) {
  const names = new Set([...text.matchAll(/\b(\w+)=class _\1\b/g)].map(([, name]) => name))
  return text
    .replace(/\b(\w+)=class _\1\b/g, '$1=class')
    .replace(/(?<![.#])\b_(\w+)\b/g, (found, name) => (names.has(name) ? name : found))
}

/** Imports and exports of a bundle, as the bundler writes them. */
const IMPORT = /\bimport(?:\s*(?:\{[^}]*\}|\*\s*as\s+[\w$]+|\s[\w$]+(?:,\s*\{[^}]*\})?)\s*from)?\s*"[^"]+";/g
const EXPORT = /\bexport\s*(?:\{[^}]*\}|\*\s*from\s*"[^"]+");?/g

/**
 * Shortens the names that are seen within one function only, which no stack trace shows. Functions, classes and methods keep theirs: the
 * bundler leaves alone what is outermost in a script, as another one might use it, and a module is a script but for what it imports and
 * exports. Imports of a chunk for its effects alone are left out: it has none, and whoever bundles the package would be warned of each.
 */
async function withShortLocals(text) {
  const imports = (text.match(IMPORT) ?? []).filter((each) => !/^import\s*"\.\//.test(each))
  const exports = text.match(EXPORT) ?? []
  const script = text.replace(IMPORT, '').replace(EXPORT, '')
  const { code } = await transform(script, {
    target: options.target,
    minify: true,
    lineLimit: 160,
    legalComments: 'none',
  })
  return [...imports, code, ...exports].join('\n')
}

/** Writes files, and removes what is left of builds before, and what has no source any more. */
async function write(folder, files) {
  const wanted = new Set(files.map(({ path }) => path))
  for (const { path, text } of files) {
    const contents = await withShortLocals(withClassNames(text))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
  const dist = join(folder, 'dist')
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const path = join(dist, name)
    const [, module, kind] = /^(.*?)\.(js|js\.map|d\.ts|d\.ts\.map)$/.exec(relative(dist, path)) ?? []
    if (module === undefined || wanted.has(path)) continue
    if (kind.startsWith('js') || !existsSync(join(folder, 'src', `${module}.ts`))) rmSync(path)
  }
}
