import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { before, describe, it } from 'node:test'
import { type Block, readPage, ROOT } from '../../../../scripts/docs/markdown.ts'
import { folder, TestProcess } from '../headgate-process.ts'

const HEADING = '## Add a policy in an hour'

/** The blocks of the section, in their order: files that it adds, changes of files, and commands. */
function steps(): readonly Block[] {
  const { text, blocks } = readPage(join(ROOT, 'CONTRIBUTING.md'))
  const [, section = ''] = text.split(`${HEADING}\n`)
  const [own = ''] = section.split('\n## ')
  return blocks.filter((block) => own.includes(block.text))
}

/** What is looked for in a file of the copy and put in its place, as the lines of a block that shows a difference say. */
function change(path: string, { text, place }: Block): void {
  const lines = text.trimEnd().split('\n')
  const side = (mark: string): string =>
    lines
      .filter((line) => line.startsWith(' ') || line.startsWith(mark))
      .map((line) => `${line.slice(1)}\n`)
      .join('')
  const parts = readFileSync(path, 'utf8').split(side('-'))
  assert.equal(parts.length, 2, `${place}: the lines that it starts from stand once in the file`)
  writeFileSync(path, parts.join(side('+')))
}

/** Folders that come from elsewhere or are large, and are the same for the copy. */
const SHARED = ['node_modules', 'packages/core', 'packages/client']
const NOT_COPIED = new Set(['.git', 'packages/gateway/bundle', ...SHARED])

/** All of the repository that the steps may touch, as it was built. */
function copyRepository(copy: string): void {
  cpSync(ROOT, copy, {
    recursive: true,
    preserveTimestamps: true, // so that what is built is known to be
    filter: (source) => {
      const path = relative(ROOT, source)
      return !NOT_COPIED.has(path) && !path.endsWith('/node_modules')
    },
  })
  for (const path of [...SHARED, 'packages/gateway/node_modules'])
    symlinkSync(join(ROOT, path), join(copy, path))
}

describe('the policy that CONTRIBUTING.md adds', () => {
  const copy = folder()

  async function run(command: string): Promise<string> {
    // A runner of tests that knows that it is called by a test runs none.
    const env = { NODE_TEST_CONTEXT: undefined }
    const { code, stdout, stderr } = await new TestProcess('sh', ['-c', command], { cwd: copy, env }).finished
    assert.equal(code, 0, `${command}\n${stdout}\n${stderr}`)
    return stdout
  }

  before(() => copyRepository(copy))

  it('is there, is tested, is written to the reference and is explained, after the steps of the page and no others', async () => {
    const commands: string[] = []
    for (const block of steps()) {
      const path = join(copy, block.info)
      if (block.language === 'sh') commands.push(...block.text.trim().split('\n'))
      else if (block.language === 'diff') change(path, block)
      else {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, block.text)
      }
    }
    assert.equal(commands.length, 3)
    const printed: string[] = []
    for (const command of commands) printed.push(await run(command))
    assert.match(printed.at(-1) ?? '', /server-timing\.test\.ts +1\n[^]* passed, 0 failed/)
    const rows = readFileSync(join(copy, 'docs/configuration.md'), 'utf8').split('\n')
    assert.deepEqual(
      rows.filter((row) => row.startsWith('| `serverTiming` ')),
      [
        '| `serverTiming` | `true` or `false` |  | Tell clients in Server-Timing how long the response took, in milliseconds. |',
        '| `serverTiming` | an exchange |  | tells clients how long the response took |',
      ],
    )
    writeFileSync(join(copy, 'one.json'), JSON.stringify({ routes: [{ respond: {}, serverTiming: true }] }))
    assert.match(
      await run('node packages/gateway/bin/headgate.js explain -c one.json GET http://shop.example/'),
      /serverTiming/,
    )
  })
})
