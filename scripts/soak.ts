// npm run soak -- --minutes N --seed S --acts KINDS: the gateway under mixed traffic with faults, for as long as one likes.
import { parseArgs } from 'node:util'
import { soak } from '../packages/gateway/test/soak/soak.ts'
import { describeSoak } from '../packages/gateway/test/soak/soak-report.ts'
import { type KindOfAct, KINDS_OF_ACTS } from '../packages/gateway/test/soak/traffic.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string' },
    acts: { type: 'string', default: KINDS_OF_ACTS.join(',') },
  },
})
const minutes = numberOf('minutes', values.minutes)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : numberOf('seed', values.seed)

const acts = values.acts.split(',').map(kindOf)

function kindOf(text: string): KindOfAct {
  const kind = KINDS_OF_ACTS.find((each) => each === text)
  if (kind !== undefined) return kind
  throw new TypeError(
    `--acts has ${JSON.stringify(text)}: ${KINDS_OF_ACTS.join(', ')} are allowed, with commas between them`,
  )
}

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
  acts,
  progress: (line) => {
    if (performance.now() - reportedAt < 10_000) return
    reportedAt = performance.now()
    process.stderr.write(`soak: ${line}\n`)
  },
})
process.stdout.write(describeSoak(report))
process.exitCode = report.passed ? 0 : 1
