import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type Finished, TestProcess } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { shellLine, withBuilt } from '../shell-line.ts'
import { type Block, type Page, userPages } from '../../../../scripts/docs/markdown.ts'
import { project, QUIET_NPM } from './project.ts'
import { freePorts, isFree } from '../../../../scripts/testing/free-port.ts'

/** Commands that are not run here, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'git clone https://github.com/headgate/headgate && cd headgate': 'takes a network',
  'npm start': 'runs until Ctrl-C; examples/quick-start.test.ts runs what it starts',
  'npm install headgate': 'takes a network',
  'npm run fuzz -- --minutes 10 --seed 7': 'takes ten minutes; differential.test.ts runs ten seconds of it',
  'npm run fuzz -- hpack --cases 100000 --seed 7': 'takes minutes; hpack-fuzz.test.ts runs a part of it',
  'npm run soak -- --minutes 5 --seed 5': 'takes five minutes; soak.test.ts runs sixteen seconds of it',
  'npm install @headgate/core': 'takes a network',
  'npm install @headgate/client': 'takes a network',
  'npm install @headgate/ecs': 'takes a network; ecs/test/package.test.ts installs what is packed',
  'npm install @headgate/ecs koota': 'takes a network; ecs/test/package.test.ts installs what is packed',
}

/** Commands that are meant to fail, with their exit codes. */
const FAILS: Readonly<Record<string, number>> = {
  'npx headgate check -c wrong.yaml': 78,
  'npx headgate replay --log access.log --against next.yaml': 1,
  'npx headgate replay --log access.log --with now.yaml --against next.yaml --limit 1': 1,
}

/** The addresses that the gateway takes by itself where no file tells it others. */
const DEFAULT_PORTS = [8080, 9901]

const metBefore = new Set<string>()

describe('every command in the documentation', () => {
  for (const page of userPages()) {
    const blocks = page.blocks.filter(isPlayed)
    if (blocks.some(({ language }) => language === 'sh')) {
      it(`${page.path}: works as printed, in order`, async (t) => {
        const player = new Player(t.diagnostic.bind(t))
        await player.start()
        for (const block of blocks) await player.play(block)
        await player.stop()
      })
    }
  }

  it('finds what "npx headgate" names where the package is installed', async () => {
    const { code, stdout } = await new TestProcess('npx', ['headgate', '--version'], {
      cwd: project(),
      env: QUIET_NPM,
    }).finished
    assert.equal(code, 0)
    assert.match(stdout, /^\d+\.\d+\.\d+/)
  })

  it('is run, or is in the list of those that are not', () => {
    assert.deepEqual(
      Object.keys(NOT_RUN).filter((command) => !metBefore.has(command)),
      [],
    )
  })
})

/** A page is played as a reader would follow it: files are written, commands run, outputs compared. */
function isPlayed({ language, info }: Page['blocks'][number]): boolean {
  return language === 'sh' || language === 'text' || (isFile(language) && info !== '')
}

function isFile(language: string): boolean {
  return language === 'yaml' || language === 'ts'
}

class Player {
  private readonly path = project()
  private readonly note: (text: string) => void
  private ports: ReadonlyMap<string, string> = new Map()
  private last: Finished | undefined
  private running: TestProcess | undefined

  constructor(note: (text: string) => void) {
    this.note = note
    after(() => this.running?.signalGroup('SIGKILL'))
  }

  async start(): Promise<void> {
    const origin = await startOrigin()
    const [listener, admin, secured] = await freePorts(3)
    const { port } = new URL(origin.url)
    this.ports = new Map([
      [':3000', `:${port}`],
      [':8080', `:${listener}`],
      [':9901', `:${admin}`],
      [':8443', `:${secured}`],
    ])
  }

  async play({ language, info, text, place }: Block): Promise<void> {
    if (isFile(language))
      writeFileSync(join(this.path, info), this.onOurPorts(language === 'yaml' ? withListeners(text) : text))
    else if (language === 'text') assert.equal(`${this.last?.stdout}${this.last?.stderr}`, text, place)
    else for (const command of commandsOf(text)) await this.run(command, place)
  }

  private async run(command: string, place: string): Promise<void> {
    metBefore.add(command)
    if (command in NOT_RUN) return this.note(`${place}: not run: ${command} (${NOT_RUN[command]})`)
    if (/^npx headgate run\b/.test(command)) return this.runGateway(command, place)
    this.last = await shellLine(this.onOurPorts(command), { cwd: this.path })
    assert.equal(this.last.code, FAILS[command] ?? 0, `${place}: ${command}\n${this.last.stderr}`)
  }

  /** Until the next one, or the end of the page. */
  private async runGateway(command: string, place: string): Promise<void> {
    await this.stop()
    const takesDefaults = command.includes('--upstream')
    if (takesDefaults && !(await Promise.all(DEFAULT_PORTS.map(isFree))).every(Boolean)) {
      return this.note(
        `${place}: NOT RUN, as something else listens on ${DEFAULT_PORTS.join(' or ')}: ${command}`,
      )
    }
    this.running = new TestProcess('sh', ['-c', withBuilt(this.onOurPorts(command))], { cwd: this.path })
    await this.running.print(/ready: version/)
    const port = takesDefaults ? ':8080' : this.ports.get(':8080')
    assert.equal(
      await (await fetch(`http://127.0.0.1${port}/api/orders`)).text(),
      'ok\n',
      `${place}: ${command}`,
    )
  }

  async stop(): Promise<void> {
    this.running?.signalGroup('SIGINT')
    const finished = await this.running?.finished
    if (finished !== undefined) assert.match(finished.stderr, /"msg":"stopped"/)
    this.running = undefined
  }

  /** Several tests run at a time: none may take a port that is written down. */
  private onOurPorts(text: string): string {
    return text.replaceAll(/(?<=127\.0\.0\.1):\d+/g, (port) => this.ports.get(port) ?? port)
  }
}

/** A file that leaves out the listeners takes the defaults. */
function withListeners(yaml: string): string {
  const listeners = /^listeners:/m.test(yaml) ? '' : 'listeners: [{ address: 127.0.0.1:8080 }]\n'
  const isWrong = /^ {2}conect:/m.test(yaml)
  return isWrong ? yaml : `${yaml}${listeners}admin: { address: 127.0.0.1:9901 }\n`
}

/** One for each line; what follows two spaces and "#" is for the reader. */
function commandsOf(text: string): string[] {
  const lines = text.replaceAll('\\\n', ' ').split('\n')
  return lines.map((line) => line.replace(/ {2,}# .*$/, '').trim()).filter((line) => line !== '')
}
