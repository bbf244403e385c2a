import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configJsonSchema } from '../../src/config/json-schema/json-schema.ts'
import { headgate } from '../headgate-command.ts'
import { folder, headgateProcess } from '../headgate-process.ts'

describe('help', () => {
  it('is printed by "headgate" alone, by --help and by "help", and names commands, examples and exit codes', async () => {
    const [alone, option, command] = await Promise.all([
      headgateProcess([]),
      headgate(['--help']),
      headgate(['help']),
    ])
    for (const { code, stdout, stderr } of [alone, option, command]) {
      assert.equal(code, 0)
      assert.equal(stderr, '')
      assert.equal(stdout, alone.stdout)
    }
    for (const name of ['run', 'check', 'routes', 'init', 'schema', 'version']) {
      assert.match(alone.stdout, new RegExp(`^ {2}${name} .*\\S$`, 'm'))
    }
    assert.match(alone.stdout, /headgate run --upstream http:/)
    for (const code of [0, 1, 2, 78]) assert.match(alone.stdout, new RegExp(`^ {2}${code} +\\S`, 'm'))
  })

  it('of each command has options and examples', async () => {
    const { code, stdout } = await headgate(['run', '--help'])
    assert.equal(code, 0)
    assert.match(stdout, /-c, --config <file>/)
    assert.match(stdout, /--upstream <url>/)
    assert.match(stdout, /Examples:\n {2}headgate run /)
  })
})

describe('wrong usage', () => {
  const cases: [args: string[], message: RegExp][] = [
    [['rum'], /unknown command 'rum'[^]*Did you mean run\?/],
    [['run', '--porte', '1'], /unknown option '--porte'/],
    [['check', 'headgate.yaml'], /too many arguments[^]*did you mean "-c headgate\.yaml"\?/],
    [['init', '--format', 'xml'], /'xml' is invalid.*yaml, toml, json, ts/],
    [['run', '--listen', ':80'], /--listen goes with --upstream/],
    [['run', '--admin', ':81'], /--admin goes with --upstream/],
    [['run', '-c', 'a.yaml', '--upstream', 'http://a'], /exclude each other/],
    [
      ['run', '--upstream', '127.0.0.1:3000'],
      /--upstream "127.0.0.1:3000" .*did you mean "http:\/\/127.0.0.1:3000"\?/,
    ],
    [
      ['run', '--upstream', 'http://a', '--listen', '8080'],
      /--listen "8080" .*did you mean "127.0.0.1:8080"\?/,
    ],
  ]
  for (const [args, message] of cases) {
    it(`exits with 2 and says why: headgate ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await headgate(args)
      assert.equal(code, 2)
      assert.equal(stdout, '')
      assert.match(stderr, /^headgate: /)
      assert.match(stderr, message)
    })
  }

  it('ends the process with that code and message', async () => {
    const { code, stdout, stderr } = await headgateProcess(['rum'])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^headgate: [^]*unknown command 'rum'/)
  })

  it('"run" without a configuration explains what to do, and exits with 78', async () => {
    const { code, stderr } = await headgateProcess(['run'], { cwd: folder() })
    assert.equal(code, 78)
    for (const way of ['headgate init', 'headgate run -c FILE', 'headgate run --upstream']) {
      assert.ok(stderr.includes(way), way)
    }
  })
})

it('"schema" prints the JSON Schema', async () => {
  const { code, stdout } = await headgate(['schema'])
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(configJsonSchema())))
})

it('"version" prints the versions', async () => {
  const { code, stdout } = await headgate(['version'])
  assert.equal(code, 0)
  assert.ok(stdout.startsWith('headgate 0.1.0 (node '), stdout)
})
