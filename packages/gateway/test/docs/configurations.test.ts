import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type Block, userPages } from '../../../../scripts/docs/markdown.ts'
import { compile } from '../../../../scripts/docs/compile.ts'
import { assertSentBackIsSame } from '../config/sent-back.ts'
import { makeCertificates, makeSite, project } from './project.ts'

/** JSON that is no configuration: reference.test.ts looks at it. */
const OTHER_JSON = ['answer']
/** The document of OpenAPI that examples name. */
const API = 'api.yaml'
/** The one that shows what mistakes look like: commands.test.ts looks at what is said. */
const WRONG = 'wrong.yaml'

const blocks = userPages().flatMap((page) => page.blocks)
const configurations = blocks.filter(({ language, info, text }) =>
  ['yaml', 'toml', 'json'].includes(language)
    ? !OTHER_JSON.includes(info) && info !== API
    : language === 'ts' && text.includes('export default defineConfig('),
)

describe('every configuration in the documentation', () => {
  const path = project()
  before(() => {
    makeCertificates(path)
    makeSite(path)
    // Modules that configurations name.
    for (const { language, info, text } of blocks)
      if (language === 'ts' && info !== '') writeFileSync(join(path, info), text)
    writeFileSync(join(path, API), blocks.find(({ info }) => info === API)?.text ?? '')
  })

  it('is among the examples', () => {
    const languages = new Set(configurations.map(({ language }) => language))
    assert.deepEqual([...languages].sort(), ['json', 'toml', 'ts', 'yaml'])
    assert.ok(configurations.length > 20)
  })

  for (const [index, block] of configurations.entries()) {
    it(`${block.place} is ${block.info === WRONG ? 'refused' : 'accepted'}`, async () => {
      const result = await load(path, block, index)
      if (block.info === WRONG) assert.equal(result.ok, false)
      else {
        assert.ok(result.ok, JSON.stringify(result))
        assertSentBackIsSame(result.config)
      }
    })
  }

  it('compiles, where it is written in TypeScript', async () => {
    const files = configurations
      .filter(({ language }) => language === 'ts')
      .map(({ text }, index) => {
        writeFileSync(join(path, `typed-${index}.config.mts`), text)
        return `typed-${index}.config.mts`
      })
    await compile(path, files)
  })

  it('says the same in all formats', async () => {
    const formats = configurations.filter(
      ({ place, text }) => place.startsWith('docs/configuration.md:') && /:9002\b/.test(text),
    )
    assert.deepEqual(
      formats.map(({ language }) => language),
      ['yaml', 'toml', 'json', 'ts'],
    )
    const loaded: GatewayConfig[] = []
    for (const [index, block] of formats.entries()) {
      const result = await load(path, block, 100 + index)
      assert.ok(result.ok)
      loaded.push(result.config)
    }
    for (const config of loaded) assert.deepEqual(config, loaded[0])
  })
})

async function load(path: string, block: Block, index: number): ReturnType<typeof loadConfig> {
  const { language, text } = block
  const file = join(path, `example-${index}.${language}`)
  writeFileSync(file, language === 'yaml' && isSection(text) ? text + ROUTES : text)
  return loadConfig(file)
}

/** The page says that examples of one section leave out the others, of which only the routes are required. */
function isSection(yaml: string): boolean {
  return !/^routes:/m.test(yaml)
}

const ROUTES = 'routes: [{ upstream: "http://127.0.0.1:3000" }]\n'
