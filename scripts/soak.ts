// npm run soak -- --minutes N --seed S: the gateway under mixed traffic with faults, for as long as one likes.
import { parseArgs } from 'node:util'
import { soak } from '../packages/gateway/test/soak/soak.ts'
import { describeSoak } from '../packages/gateway/test/soak/soak-report.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '2' }, seed: { type: 'string' } },
})
const minutes = numberOf('minutes', values.minutes)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : numberOf('seed', values.seed)

function numberOf(name: string, text: string): number {
  const number = Number(text)
  if (text !== '' && number >= 0 && number <= Number.MAX_SAFE_INTEGER) return number
  throw new TypeError(`--${name} is ${JSON.stringify(text)}: a number from 0 is allowed`)
}

let reportedAt = 0
process.stderr.write(`soak: seed ${seed}, ${minutes} minutes\n`)
const report = await soak({
  duration: minutes * 60_000,
  seed,
  progress: (line) => {
    if (performance.now() - reportedAt < 10_000) return
    reportedAt = performance.now()
    process.stderr.write(`soak: ${line}\n`)
  },
})
process.stdout.write(describeSoak(report))
process.exitCode = report.passed ? 0 : 1
