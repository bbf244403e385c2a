import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { systemClock } from '@headgate/core'
import type { LoadResult } from '../../src/config/load.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { VersionHistory } from '../../src/versions/history.ts'
import type { ChangeOrder, ChangeOutcome } from '../../src/versions/outcome.ts'
import { Reloader, type Target } from '../../src/versions/reloader.ts'
import { StartError } from '../../src/workers/start-failure.ts'
import { becomes } from '../becomes.ts'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'
import { configWith, startChanging } from './running-gateway.ts'

function loaded(name: string): Extract<LoadResult, { ok: true }> {
  const input = { routes: [{ name, respond: { body: name } }] }
  const result = parseConfig(input)
  assert.ok(result.ok)
  return { ok: true, config: result.config, input, warnings: () => [] }
}

/** A reloader whose source and target do what a test says. */
class Bench {
  readonly outcomes: ChangeOutcome[] = []
  readonly figures: boolean[] = []
  inForce = loaded('one').config
  read: () => Promise<LoadResult> = async () => loaded('two')
  apply: (config: GatewayConfig) => Promise<void> = async (config) => {
    this.inForce = config
  }
  tryOut: () => void = () => {}
  tell: (outcome: ChangeOutcome) => void = () => {}
  readonly reloader: Reloader

  constructor() {
    const bench = this
    const target: Target = {
      get config() {
        return bench.inForce
      },
      files: new Map(),
      apply: (config) => this.apply(config),
      tryOut: () => this.tryOut(),
      reloaded: (successful) => void this.figures.push(successful),
    }
    const source = { name: 'a file', folder: '/', read: () => this.read() }
    const history = new VersionHistory(undefined, 3, assert.fail)
    const told = (_: ChangeOrder, outcome: ChangeOutcome): void => {
      this.outcomes.push(outcome)
      this.tell(outcome)
    }
    this.reloader = new Reloader(target, history, source, loaded('one').input, systemClock, told)
  }
}

const cyclic: Record<string, unknown> = {}
cyclic['itself'] = cyclic

const THROWS: Record<string, (bench: Bench) => void> = {
  'the source cannot be read': (bench) => {
    bench.read = () => {
      throw new RangeError('thrown on purpose')
    }
  },
  'the source is read too late': (bench) => {
    bench.read = () => Promise.reject(new Error('thrown on purpose'))
  },
  'what was written contains itself': (bench) => {
    bench.read = async () => ({ ...loaded('two'), input: cyclic })
  },
  'a configuration cannot be compared': (bench) => {
    const { config } = loaded('two')
    bench.read = async () => ({ ...loaded('two'), config: { ...config, zone: cyclic as unknown as string } })
  },
  'a worker cannot compile it': (bench) => {
    bench.apply = () => Promise.reject(new StartError({ message: 'thrown on purpose' }))
  },
  'a listener cannot be bound': (bench) => {
    bench.apply = () => {
      throw Object.assign(new Error('listen EADDRINUSE'), {
        code: 'EADDRINUSE',
        address: '127.0.0.1',
        port: 1,
      })
    }
  },
  'somebody throws what is no error': (bench) => {
    bench.apply = () => Promise.reject('thrown on purpose') // oxlint-disable-line prefer-promise-reject-errors -- on purpose
  },
}

describe('whatever is thrown on the way of a reload is a refusal with its reason', () => {
  for (const [name, sabotage] of Object.entries(THROWS)) {
    it(name, async () => {
      const bench = new Bench()
      const { read, apply } = bench
      sabotage(bench)
      const outcome = await bench.reloader.reload({ origin: 'signal' })
      assert.equal(outcome.kind, 'failed')
      assert.notEqual(outcome.kind === 'failed' && outcome.failure.message, '')
      assert.deepEqual(bench.outcomes, [outcome], 'on record')
      assert.equal(bench.reloader.version.id, 1, 'the one before stays in force')
      const { successful, reason } = bench.reloader.lastReload
      assert.equal(successful, false)
      assert.equal(outcome.kind === 'failed' && outcome.failure.message, reason)
      Object.assign(bench, { read, apply })
      assert.equal(
        (await bench.reloader.reload({ origin: 'signal' })).kind,
        'applied',
        'the next has its turn',
      )
      assert.equal(bench.reloader.lastReload.successful, true)
      assert.deepEqual(bench.figures, [true, false, true], 'the start counts, too')
    })
  }

  it('a dry run that throws, too, and it leaves no trace', async () => {
    const bench = new Bench()
    bench.tryOut = () => {
      throw new TypeError('cannot be compiled')
    }
    const outcome = await bench.reloader.reload({ origin: 'admin', dryRun: true })
    assert.deepEqual(outcome.kind === 'failed' && outcome.failure.message, 'cannot be compiled')
    assert.deepEqual([bench.outcomes, bench.reloader.lastReload.successful], [[], true])
  })

  it('an input that cannot be checked, or a version, too; the file is not to blame for it', async () => {
    const bench = new Bench()
    const hostile = {
      get routes(): never {
        throw new Error('a trap')
      },
    }
    const outcome = await bench.reloader.apply(hostile, { origin: 'admin' })
    assert.match((outcome.kind === 'failed' && outcome.failure.message) || '', /checked: a trap/)
    assert.equal(bench.reloader.lastReload.successful, true)
  })

  it('one that is in force stays so, even if nobody can keep the record of it', async () => {
    const bench = new Bench()
    bench.tell = () => {
      throw new Error('no space left on device')
    }
    assert.equal((await bench.reloader.reload({ origin: 'file' })).kind, 'applied')
    assert.equal(bench.reloader.version.id, 2)
  })
})

it('a file that throws when it is looked at is refused in the log, the metrics, the status and to whoever asks', async () => {
  const script = (more: string): string =>
    `const config = ${JSON.stringify(configWith({ workers: 1, routes: [{ name: 'all', respond: { body: 'x' } }] }))}\n${more}\nexport default config\n`
  const cwd = folder({ 'headgate.config.mjs': script('') })
  const write = (more: string): void => writeFileSync(join(cwd, 'headgate.config.mjs'), script(more))
  const gateway = await startChanging({}, {}, cwd)
  const metric = async (): Promise<string> =>
    /^headgate_config_last_reload_successful (\d)$/m.exec(
      await (await fetch(`${gateway.admin}/metrics`)).text(),
    )?.[1] ?? ''
  assert.equal(await metric(), '1')
  write("Object.defineProperty(config, 'zone', { enumerable: true, get() { throw new Error('a trap') } })")
  await gateway.process.print(
    /configuration: refused, the one before stays in force \(file\)[^\n]*the code behind it throws an error/,
  )
  assert.equal(await metric(), '0')
  const { status, body } = await gateway.call('POST', '/reload')
  assert.equal(status, 422)
  assert.match(JSON.stringify(body['mistakes']), /the code behind it throws an error.*zone/)
  const shown = await headgate(['status', '--admin', gateway.admin], { cwd: folder() })
  assert.match(shown.stdout, /^last reload +refused at \S+Z: /m)
  gateway.process.child.kill('SIGHUP')
  await gateway.process.print(/refused, the one before stays in force \(signal\)/)
  write("config.routes[0].respond.body = 'y'")
  await gateway.process.print(/version 2 is in force/)
  assert.equal(await becomes(metric, '1'), '1')
})
