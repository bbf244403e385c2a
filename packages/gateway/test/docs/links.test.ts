import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { allPages, prose, readPage, ROOT } from '../../../../scripts/docs/markdown.ts'

describe('the links of every page', () => {
  const pages = allPages()

  it('are those of all pages', () => {
    const paths = pages.map(({ path }) => path)
    for (const path of ['README.md', 'docs/configuration.md', 'bench/README.md', 'packages/core/README.md']) {
      assert.ok(paths.includes(path), path)
    }
  })

  for (const page of pages) {
    it(`${page.path}: relative ones lead to a file, and to a heading where they name one`, () => {
      const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
      const broken = links.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(page.path, target))
      assert.deepEqual(broken, [])
    })
  }
})

function leadsSomewhere(from: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? join(ROOT, from) : join(ROOT, dirname(from), path)
  if (!existsSync(file)) return false
  return anchor === undefined || anchors(file).includes(anchor)
}

/** The anchors that GitHub gives the headings of a page. */
function anchors(file: string): string[] {
  const headings = [...prose(readPage(file)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Pages for those who read the code. */
const ABOUT_CODE = [
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs/decisions')).map((name) => `docs/decisions/${name}`),
]

describe('the files of the sources that a page names', () => {
  const sources = ['packages', 'scripts', 'bench', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.includes('node_modules'))
      .map((path) => `/${folder}/${path}`),
  )

  for (const path of ABOUT_CODE) {
    it(`${path}: are there`, () => {
      const named = [...prose(readPage(join(ROOT, path))).matchAll(/`([a-z][\w/.-]*\.ts)`/g)].map(
        ([, name = '']) => name,
      )
      const gone = named.filter((name) => !sources.some((source) => source.endsWith(`/${name}`)))
      assert.deepEqual(gone, [])
    })
  }
})
