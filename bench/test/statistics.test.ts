import assert from 'node:assert/strict'
import { test } from 'node:test'
import { descendants, parseProcessStat, processTree, usage } from '../src/accounting.ts'
import { parseCpuList } from '../src/machine.ts'
import { median, percentile, ratiosPerRound, summarise } from '../src/statistics.ts'

test('the median is the middle value, or the mean of the two in the middle, in whatever order they come', () => {
  assert.equal(median([5, 1, 3]), 3)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([10, 9]), 9.5)
  assert.throws(() => median([]), RangeError)
})

test('a summary holds the median and both ends', () => {
  assert.deepEqual(summarise([30, 10, 100]), { median: 30, min: 10, max: 100 })
})

test('a percentile is a value that was measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  assert.equal(percentile(hundred, 0.5), 50)
  assert.equal(percentile(hundred, 0.99), 99)
  assert.equal(percentile(hundred, 1), 100)
  assert.equal(percentile([7], 0.99), 7)
  assert.throws(() => percentile([], 0.5), RangeError)
})

test('a ratio compares within a round and leaves out a round that either side lacks', () => {
  assert.deepEqual(ratiosPerRound([10, 30, 50], [20, 30, 25]), [0.5, 1, 2])
  assert.deepEqual(ratiosPerRound([10, undefined, 50], [20, 30, undefined]), [0.5])
  assert.deepEqual(ratiosPerRound([10], [0]), [])
})

const rest = '0 -1 4194304 103 0 0 0 250 40 7 8 20 0 11 0 65785 3133440 382 18446744073709551615 1 1'

test('the fields of a process are found behind its name', () => {
  const stat = parseProcessStat(`4100 (nginx) S 4093 4093 2978 ${rest}\n`)
  assert.deepEqual(stat, { pid: 4100, name: 'nginx', parent: 4093, ticks: 290, residentPages: 382 })
})

test('a process name may hold spaces and parentheses', () => {
  for (const name of ['nginx: worker process', 'a) S 1 (b', ')', '((', 'tail ) 9 9']) {
    const stat = parseProcessStat(`77 (${name}) R 12 12 12 ${rest}`)
    assert.deepEqual(stat, { pid: 77, name, parent: 12, ticks: 290, residentPages: 382 })
  }
})

test('a line that is not a stat line is refused', () => {
  assert.throws(() => parseProcessStat(''), /not a line/)
  assert.throws(() => parseProcessStat('12 (short) S 1'), /not a line/)
})

test('a process tree holds children of children and nobody else', () => {
  const process = (pid: number, parent: number) => ({ pid, parent, name: 'p', ticks: 0, residentPages: 0 })
  const all = [process(1, 0), process(5, 2), process(2, 1), process(9, 1), process(6, 5), process(7, 2)]
  assert.deepEqual(descendants(2, all), [2, 5, 7, 6])
})

test('this very process is accounted for', () => {
  assert.ok(processTree(process.ppid).includes(process.pid))
  const before = usage([process.pid])
  assert.ok(before.residentBytes > 10_000_000, `${before.residentBytes} bytes`)
  const busyUntil = performance.now() + 60
  while (performance.now() < busyUntil);
  assert.ok(usage([process.pid]).cpuSeconds > before.cpuSeconds)
})

test('a process that has ended is an error, not a zero', () => {
  assert.throws(() => usage([2 ** 22 + 1]), /has ended/)
})

test('a list of cores is read as the kernel writes it', () => {
  assert.deepEqual(parseCpuList('0-2,5\n'), [0, 1, 2, 5])
  assert.deepEqual(parseCpuList('7'), [7])
  assert.deepEqual(parseCpuList('\n'), [])
})
