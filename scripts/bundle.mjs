import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { root } from './child.mjs'
import { isFresh } from './fresh.mjs'

const gateway = join(root, 'packages/gateway')
const folder = join(gateway, 'bundle')

// Apart from each other: what both need would be loaded whole by both, with what only one of them uses of it.
const entries = {
  main: 'dist/cli/main.js',
  worker: 'dist/workers/worker.js',
  'password-thread': 'dist/features/authentication/basic/password-thread.js',
}

const options = {
  absWorkingDir: gateway,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.18',
  outdir: folder,
  chunkNames: '[name]-[hash]',
  write: false,
  metafile: true,
  // The text of a program stays in the memory of each thread that runs it: no comment, no indentation, and one byte a
  // character. Names stay, for the sake of stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 200,
  legalComments: 'none',
  charset: 'ascii',
  sourcemap: 'linked',
  sourcesContent: false,
  // Loaded when a configuration or a log asks for them; both look for files of their own.
  external: ['jiti', 'pino'],
  // Libraries that are CommonJS ask for modules of Node, and for nothing else.
  banner: { js: 'const require=process.getBuiltinModule;' },
}

/**
 * Writes packages/gateway/bundle: what `headgate` runs is a few files, of which each thread loads what it needs, instead of
 * hundreds. dist stays what programs import.
 */
export async function bundle() {
  if (isFresh(join(folder, 'LICENSES.txt'), sources())) return // written last
  const built = []
  for (const [name, entry] of Object.entries(entries)) {
    built.push(await build({ ...options, entryPoints: { [name]: entry } }))
  }
  mkdirSync(folder, { recursive: true })
  const files = built.flatMap(({ outputFiles }) => outputFiles)
  for (const { path, contents } of files) writeFileSync(path, contents)
  writeFileSync(join(folder, 'LICENSES.txt'), licenses(built.flatMap(({ metafile }) => inputsOf(metafile))))
  const written = new Set([...files.map(({ path }) => basename(path)), 'LICENSES.txt'])
  for (const name of readdirSync(folder)) if (!written.has(name)) rmSync(join(folder, name))
}

function sources() {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/dist/.tsbuildinfo`)
  const scripts = ['scripts/bundle.mjs', 'scripts/bundle-libraries.mjs']
  return [...packages, ...scripts, 'package-lock.json'].map((file) => join(root, file))
}

function inputsOf({ inputs }) {
  return Object.keys(inputs).map((input) => join(gateway, input))
}

/** Of the libraries whose code is in the bundle; each asks for its text to be passed on. */
function licenses(inputs) {
  const folders = new Set(inputs.map((input) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]))
  folders.delete(undefined)
  const texts = [...folders]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((path) => {
      const { name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
      const license = readdirSync(path).find((file) => /^licen[cs]e/i.test(file))
      if (license === undefined)
        throw new Error(`${name} brings no license text that the bundle could pass on`)
      return `${name} ${version}\n\n${readFileSync(join(path, license), 'utf8').trim()}\n`
    })
  return `The files beside this one hold code of these libraries.\n\n${texts.join(`\n${'-'.repeat(72)}\n\n`)}`
}
