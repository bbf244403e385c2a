import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { compile } from '../../../../scripts/docs/compile.ts'
import { ecsPages, ROOT } from '../../../../scripts/docs/markdown.ts'
import { originOf } from '../http/worlds.ts'

/** What a program prints, by the comments behind its `console.log`s; `…` for anything. */
function printed(text: string): string {
  return [...text.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)]
    .map(([, comment = '']) => `${comment}\n`)
    .join('')
}

async function run(file: string, cwd: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [file], { cwd })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => void out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => void err.push(chunk))
  await once(child, 'close')
  return { stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}

describe('the programs of the pages on ecs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-ecs-pages-'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  after(() => rmSync(folder, { recursive: true }))
  const programs = ecsPages().flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'ts'))
  const nameOf = (index: number): string => `program-${index}.mts`

  it('compile', async () => {
    assert.ok(programs.length >= 7, `${programs.length} programs`)
    for (const [index, { text }] of programs.entries()) writeFileSync(join(folder, nameOf(index)), text)
    await compile(
      folder,
      programs.map((_, index) => nameOf(index)),
    )
  })

  it('run, print what they say, and end', async (t) => {
    const url = await originOf(t, (_request, response) => response.end('ok'))
    await Promise.all(
      programs.map(async ({ text, place }, index) => {
        const name = `run-${nameOf(index)}`
        writeFileSync(join(folder, name), text.replaceAll('http://127.0.0.1:3000', url))
        const { stdout, stderr } = await run(name, folder)
        assert.deepEqual([stdout, stderr], [printed(text), ''], place)
      }),
    )
  })

  it('the example loads its assets, polls its services, and ends', async () => {
    const { stdout, stderr } = await run(join(ROOT, 'examples/ecs/simulation.ts'), ROOT)
    assert.equal(stderr, '')
    assert.match(stdout, /^\[\.{30}\] 0 %\n|^\[#/)
    assert.match(
      stdout,
      /\[#{30}\] 100 %\n4 assets are here; the services answered \d+ times and failed \d+\n$/,
    )
  })
})
