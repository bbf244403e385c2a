import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const ROOT: string = join(import.meta.dirname, '../..')

/** A fenced block of a page. */
export interface Block {
  readonly language: string
  /** What follows the language: the name of the file that it shows, or what it is. */
  readonly info: string
  readonly text: string
  /** `docs/configuration.md:12`, for messages. */
  readonly place: string
}

export interface Page {
  /** Relative to the root of the workspace. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
}

/** All pages of the workspace in Markdown. */
export function allPages(): Page[] {
  const folders = [
    '',
    'docs',
    'bench',
    ...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`),
  ]
  return folders.flatMap((folder) => {
    const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md'))
    return names.map((name) => readPage(join(ROOT, folder, name)))
  })
}

/** The pages whose examples are run: what a user reads, not what a contributor does. */
export function userPages(): Page[] {
  return allPages().filter(({ path }) => /^(?:docs\/.*|(?:packages\/[^/]+\/)?README\.md)$/.test(path))
}

/** Pages about the client: their examples are parts of programs, which packages/client/test/docs runs. */
export function clientPages(): Page[] {
  return userPages().filter(({ path }) => CLIENT_PAGES.has(path))
}

const CLIENT_PAGES: ReadonlySet<string> = new Set([
  'docs/client.md',
  'docs/migration.md',
  'packages/client/README.md',
])

/** Pages about @headgate/ecs: packages/ecs/test/docs runs their programs. */
export function ecsPages(): Page[] {
  return userPages().filter(({ path }) => ECS_PAGES.has(path))
}

const ECS_PAGES: ReadonlySet<string> = new Set(['docs/ecs.md', 'packages/ecs/README.md'])

/** Pages whose examples are whole programs. */
export function programPages(): Page[] {
  return userPages().filter(({ path }) => !CLIENT_PAGES.has(path) && !ECS_PAGES.has(path))
}

export function readPage(file: string): Page {
  const path = relative(ROOT, file)
  const text = readFileSync(file, 'utf8')
  return { path, text, blocks: blocksOf(text, path) }
}

function blocksOf(text: string, path: string): Block[] {
  return [...text.matchAll(/^```(\w*) ?(.*)\n([^]*?)^```$/gm)].map((match) => {
    const [, language = '', info = '', content = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    return { language, info, text: content, place: `${path}:${line}` }
  })
}

/** The text without its fenced blocks. */
export function prose({ text }: Page): string {
  return text.replaceAll(/^```[^]*?^```$/gm, '')
}

/** The rows of the table that has this head, without it; cells as they are written. */
export function tableWith({ text, path }: Page, ...head: string[]): string[][] {
  const [, rows] = text.split(`| ${head.join(' | ')} |\n`)
  if (rows === undefined) throw new Error(`${path}: there is no table of ${head.join(', ')}`)
  const [table = ''] = /^(?:\|.*\|\n)+/.exec(rows) ?? []
  return table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** What stands in code within a cell. */
export function codes(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
}
