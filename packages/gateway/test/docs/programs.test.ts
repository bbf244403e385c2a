import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { TestProcess } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { programPages } from '../../../../scripts/docs/markdown.ts'
import { compile } from '../../../../scripts/docs/compile.ts'
import { project } from './project.ts'

/** What the programs print, in the order of the pages. */
const PRINTED: readonly (readonly [page: string, printed: RegExp])[] = [
  ['README.md', /^200 ok\n$/],
  ['README.md', /^http:\/\/127\.0\.0\.1:\d+\n$/],
  ['README.md', /^\/users\/1 200\n\/api\/users\/1 200\n$/],
  ['docs/handlers.md', /^\{"name":"you"\}\n$/],
  ['docs/handlers.md', /^200 \{"id":7,"total":12.5\}\n$/],
  ['docs/http2.md', /^$/],
  ['packages/core/README.md', /^200 ok\n$/],
  ['packages/core/README.md', /^200 ok me\n$/],
  ['packages/gateway/README.md', /^200 ok\n$/],
]

describe('every program in the documentation', () => {
  const pages = programPages()
  const programs = pages.flatMap(({ path, blocks }) => {
    // One with a name is a file that commands.test.ts writes.
    const own = blocks.filter(
      ({ language, info, text }) => language === 'ts' && info === '' && !text.includes('defineConfig('),
    )
    return own.map((block) => ({ page: path, block }))
  })

  it('is known here', () => {
    assert.deepEqual(
      programs.map(({ page }) => page),
      PRINTED.map(([page]) => page),
    )
  })

  const path = project()
  const nameOf = (index: number): string => `program-${index}.mts`

  it('compiles', async () => {
    for (const [index, { block }] of programs.entries()) writeFileSync(join(path, nameOf(index)), block.text)
    await compile(
      path,
      programs.map((_, index) => nameOf(index)),
    )
  })

  for (const [index, { block }] of programs.entries()) {
    it(`${block.place} runs, prints what it should, and ends`, async () => {
      const origin = await startOrigin((_, response) => response.end('ok'))
      const name = nameOf(index)
      writeFileSync(join(path, name), block.text.replaceAll('http://127.0.0.1:3000', origin.url))
      const { code, stdout, stderr } = await new TestProcess(process.execPath, [name], { cwd: path }).finished
      assert.equal(code, 0, stderr)
      assert.match(stdout, PRINTED[index]?.[1] ?? /^$/)
    })
  }
})
