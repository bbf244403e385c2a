// npm run fuzz -- --minutes N --seed S: differential fuzzing of the wire parser for as long as one likes.
// npm run fuzz -- hpack --cases N --seed S: that of field blocks of HTTP/2, until there were so many, or the minutes are over.
import { parseArgs } from 'node:util'
import {
  describeHpackFinding,
  describeHpackTally,
  hpackCampaign,
} from '../packages/core/test/h2/fuzz/hpack-campaign.ts'
import { campaign, describeFinding, describeTally } from '../packages/core/test/wire/fuzz/campaign.ts'

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string' }, cases: { type: 'string' }, seed: { type: 'string' } },
  allowPositionals: true,
})
const cases = values.cases === undefined ? Infinity : numberOf('cases', values.cases)
const minutes = minutesOf(values.minutes)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : numberOf('seed', values.seed)
const [what = 'wire'] = positionals
if (positionals.length > 1 || !['wire', 'hpack'].includes(what)) {
  end(`${positionals.join(' ')} is nothing to fuzz: wire or hpack is`)
}

function minutesOf(text: string | undefined): number {
  if (text !== undefined) return numberOf('minutes', text)
  return cases === Infinity ? 5 : Infinity
}

function numberOf(name: string, text: string): number {
  const number = Number(text)
  if (text !== '' && number >= 0 && number <= Number.MAX_SAFE_INTEGER) return number
  return end(`--${name} is ${JSON.stringify(text)}: a number from 0 is allowed`)
}

function end(message: string): never {
  process.stderr.write(`fuzz: ${message}\n`)
  process.exit(1)
}

const SECOND = 1000
const time = minutes * 60 * SECOND
let reportedAt = 0

function report(tally: { readonly cases: number }, soFar: number): void {
  if (soFar - reportedAt < 5 * SECOND) return
  reportedAt = soFar
  const rate = Math.round((tally.cases / soFar) * SECOND)
  process.stderr.write(`fuzz: ${Math.round(soFar / SECOND)} s, ${tally.cases} cases, ${rate} a second\n`)
}

async function wire(): Promise<{ readonly told: string; readonly found: string | undefined }> {
  const { tally, finding, took } = await campaign(seed, time, cases, report)
  return { told: describeTally(tally, took), found: finding && describeFinding(finding) }
}

async function hpack(): Promise<{ readonly told: string; readonly found: string | undefined }> {
  const { tally, finding, took } = await hpackCampaign(seed, { most: cases, time }, report)
  return { told: describeHpackTally(tally, took), found: finding && describeHpackFinding(finding) }
}

process.stderr.write(`fuzz: ${what}, seed ${seed}, ${values.cases ?? `${minutes} minutes`}\n`)
const { told, found } = await (what === 'hpack' ? hpack() : wire())
process.stdout.write(`seed: ${seed}\n${told}\n`)
if (found !== undefined) {
  process.stdout.write(`finding: ${found}\n`)
  process.exitCode = 1
}
