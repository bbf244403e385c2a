import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** The fields of /proc/PID/stat that the benchmark uses (proc(5)). */
export interface ProcessStat {
  pid: number
  name: string
  parent: number
  /** Processor time in user and kernel mode, all threads, also those that have ended; clock ticks. */
  ticks: number
  /** Resident memory in pages. */
  residentPages: number
}

/**
 * Parses one line of /proc/PID/stat. The name stands in parentheses and may itself hold spaces and
 * parentheses, so the fields are counted from the last closing one. Throws on anything else.
 */
export function parseProcessStat(line: string): ProcessStat {
  const open = line.indexOf('(')
  const close = line.lastIndexOf(')')
  if (open < 0 || close < open) throw new Error(`not a line of /proc/PID/stat: ${line.slice(0, 80)}`)
  const fields = line.slice(close + 2).split(' ')
  // proc(5) counts from 1 and the first field after the name is number 3.
  const field = (number: number): number => Number(fields[number - 3] ?? Number.NaN)
  const stat = {
    pid: Number(line.slice(0, open)),
    name: line.slice(open + 1, close),
    parent: field(4),
    ticks: field(14) + field(15),
    residentPages: field(24),
  }
  if (Object.values(stat).some(Number.isNaN))
    throw new Error(`not a line of /proc/PID/stat: ${line.slice(0, 80)}`)
  return stat
}

/** A process and all its descendants, out of a list of all processes. */
export function descendants(root: number, all: readonly ProcessStat[]): number[] {
  const found = [root]
  for (const parent of found) {
    for (const stat of all) if (stat.parent === parent) found.push(stat.pid)
  }
  return found
}

/** The process ids of a running process and all its descendants. */
export function processTree(root: number): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? [])
  return descendants(root, all)
}

/** What a group of processes has used so far. */
export interface Usage {
  cpuSeconds: number
  residentBytes: number
}

let units: { ticksPerSecond: number; pageSize: number } | undefined

/**
 * Sums what these processes have used, from the operating system's own accounting. Throws when one of them has
 * ended: its share would silently be missing from the sum.
 */
export function usage(pids: readonly number[]): Usage {
  units ??= { ticksPerSecond: getconf('CLK_TCK'), pageSize: getconf('PAGESIZE') }
  let ticks = 0
  let pages = 0
  for (const pid of pids) {
    const stat = readStat(pid)
    if (stat === undefined) throw new Error(`process ${pid} of the proxy has ended`)
    ticks += stat.ticks
    pages += stat.residentPages
  }
  return { cpuSeconds: ticks / units.ticksPerSecond, residentBytes: pages * units.pageSize }
}

function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch (error) {
    // A process may end between the listing and the reading: ESRCH while it is being read, ENOENT after.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return
    throw error
  }
}

function getconf(name: string): number {
  return Number(execFileSync('getconf', [name], { encoding: 'utf8' }))
}
