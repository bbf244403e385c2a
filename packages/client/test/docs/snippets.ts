import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Block, clientPages, ROOT } from '../../../../scripts/docs/markdown.ts'
import * as client from '../../src/index.ts'

/** A part of a program that the documentation shows, as a file that can be run. */
export interface Snippet {
  readonly place: string
  readonly file: string
  readonly text: string
  /** How many it has, without imports. */
  readonly lines: number
  /** What stands behind its `console.log`s, in order; `…` for anything. */
  readonly prints: readonly string[]
}

/** All that is to be run. What shows another library is not: that is what a reader has now. */
export function snippets(): Snippet[] {
  const blocks = clientPages().flatMap((page) => page.blocks)
  return blocks
    .filter(({ language, info }) => language === 'ts' && info !== 'before')
    .map((block) => ({
      place: block.place,
      file: `${block.place.replaceAll(/\W+/g, '-')}.mts`,
      text: program(block),
      lines: block.text
        .trimEnd()
        .split('\n')
        .filter((line) => !/^import |^$/.test(line)).length,
      prints: printed(block.text),
    }))
}

function printed(text: string): string[] {
  const comments = [...text.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, comment = '']) => comment)
  return comments.flatMap((comment) => comment.split(', then '))
}

const NAMES = [...Object.keys(client), 'type Policy'].join(', ')

/**
 * A snippet with what its page says once for all: imports from @headgate/client, and the client `api`. They stand on its first
 * line, so that the compiler's line numbers are those of the snippet.
 */
function program({ text }: Block): string {
  const imports = text.includes(`from '@headgate/client'`)
    ? ''
    : `import { ${NAMES} } from '@headgate/client'; `
  const api = /\b(?:const|using) api\b/.test(text) || imports === '' ? '' : `const api = createClient(BASE); `
  const base = api === '' ? '' : `const BASE = { baseUrl: 'https://api.example.com' }; `
  return `${imports}${base}${api}export {}; ${text}`
}

/** Packages that the snippets import, beside the client. */
const PACKAGES = ['@headgate/core', '@opentelemetry/api', '@types', 'headgate', 'zod']

/** What every client of a snippet is made by: the real `createClient`, and the options that the snippet gives. */
export type MakeClient = (
  createClient: typeof client.createClient,
  options: client.ClientOptions | undefined,
) => client.Client

declare global {
  var headgateSnippets: MakeClient
}

/**
 * A folder with the snippets and what they import, where `createClient` is `globalThis.headgateSnippets`: so that
 * https://api.example.com can be played, and nothing leaves the machine.
 */
export function snippetFolder(all: readonly Snippet[]): string {
  const path = mkdtempSync(join(tmpdir(), 'headgate-snippets-'))
  for (const { file, text } of all) writeFileSync(join(path, file), text)
  for (const name of PACKAGES) {
    const link = join(path, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
  const real = JSON.stringify(pathToFileURL(join(ROOT, 'packages/client/dist/index.js')).href)
  const shown = join(path, 'node_modules/@headgate/client')
  mkdirSync(shown)
  writeFileSync(
    join(shown, 'package.json'),
    '{ "type": "module", "exports": { ".": "./index.js", "./disk": "./disk.js", "./testing": "./testing.js" } }',
  )
  for (const [name, file] of [
    ['disk', 'disk.js'],
    ['testing', 'testing/index.js'],
  ] as const) {
    const entry = join(ROOT, 'packages/client/dist', file)
    writeFileSync(join(shown, `${name}.d.ts`), `export * from '${entry}'\n`)
    writeFileSync(join(shown, `${name}.js`), `export * from ${JSON.stringify(pathToFileURL(entry).href)}\n`)
  }
  writeFileSync(join(shown, 'index.d.ts'), `export * from '${ROOT}/packages/client/dist/index.js'\n`)
  writeFileSync(
    join(shown, 'index.js'),
    `import { createClient as real } from ${real}
export * from ${real}
export const createClient = (options) => globalThis.headgateSnippets(real, options)\n`,
  )
  return path
}
