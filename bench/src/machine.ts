import { readFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { outputOf } from './processes.ts'

/** Which core serves whom. Undefined: not bound. */
export interface Cores {
  proxy: number | undefined
  load: number | undefined
  /** What the reader must know about it. */
  note: string
}

/** What the figures were made on. */
export interface Machine {
  processor: string
  cores: number
  kernel: string
  node: string
  openFilesLimit: number
}

/** Describes this machine. */
export function describeMachine(): Machine {
  const all = cpus()
  return {
    processor: all[0]?.model.trim() ?? 'unknown processor',
    cores: all.length,
    kernel: release(),
    node: process.versions.node,
    openFilesLimit: openFilesLimit(),
  }
}

/** Picks one core for the proxy and another for the load side, not two threads of the same one where it can. */
export function chooseCores(): Cores {
  const allowed = parseCpuList(statusLine('Cpus_allowed_list') ?? '0')
  if (outputOf('taskset', ['--version']) === undefined) {
    const note = 'taskset (util-linux) is missing: nothing is bound to a core, figures vary more'
    return { proxy: undefined, load: undefined, note }
  }
  const proxy = allowed[0]
  const siblings = proxy === undefined ? [] : siblingsOf(proxy)
  const others = allowed.slice(1)
  const load = others.find((core) => !siblings.includes(core)) ?? others[0]
  if (load === undefined) {
    const note = `one core only (${proxy}): proxy, origin and load generator share it`
    return { proxy, load: proxy, note }
  }
  const shared = siblings.includes(load) ? ' (two threads of one physical core)' : ''
  return { proxy, load, note: `proxy on core ${proxy}, origin and load generator on core ${load}${shared}` }
}

/** Parses a list of cores as the kernel writes it: `0-2,5`. */
export function parseCpuList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
}

function openFilesLimit(): number {
  // Node raises its soft limit to the hard one at start, and children inherit it.
  const line = readFileSync('/proc/self/limits', 'utf8').match(/^Max open files\s+(\S+)/m)
  return line?.[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line?.[1])
}

function statusLine(name: string): string | undefined {
  return readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${name}:\\s*(.*)$`, 'm'))?.[1]
}

function siblingsOf(core: number): number[] {
  try {
    return parseCpuList(
      readFileSync(`/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`, 'latin1'),
    )
  } catch {
    // Some containers hide the topology.
    return [core]
  }
}
