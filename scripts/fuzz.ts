// npm run fuzz -- --minutes N --seed S: differential fuzzing of the wire parser for as long as one likes.
import { parseArgs } from 'node:util'
import { campaign, describeFinding, describeTally } from '../packages/core/test/wire/fuzz/campaign.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' } },
})
const minutes = numberOf('minutes', values.minutes)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : numberOf('seed', values.seed)

function numberOf(name: string, text: string): number {
  const number = Number(text)
  if (text !== '' && number >= 0 && number <= Number.MAX_SAFE_INTEGER) return number
  process.stderr.write(`fuzz: --${name} is ${JSON.stringify(text)}: a number from 0 is allowed\n`)
  process.exit(1)
}

const SECOND = 1000
let reportedAt = 0

process.stderr.write(`fuzz: seed ${seed}, ${minutes} minutes\n`)
const { tally, finding, took } = await campaign(seed, minutes * 60 * SECOND, Infinity, ({ cases }, soFar) => {
  if (soFar - reportedAt < 5 * SECOND) return
  reportedAt = soFar
  const rate = Math.round((cases / soFar) * SECOND)
  process.stderr.write(`fuzz: ${Math.round(soFar / SECOND)} s, ${cases} cases, ${rate} a second\n`)
})
process.stdout.write(`seed: ${seed}\n${describeTally(tally, took)}\n`)
if (finding !== undefined) {
  process.stdout.write(`finding: ${describeFinding(finding)}\n`)
  process.exitCode = 1
}
