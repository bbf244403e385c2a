import { parseArgs } from 'node:util'
import { allClients } from './clients/all.ts'
import type { Client } from './clients/client.ts'
import { type ClientWorkload, clientWorkloads } from './clients/workloads.ts'
import { allPeers } from './peers/all.ts'
import type { Peer } from './peers/peer.ts'
import { allWorkloads } from './workloads/all.ts'
import type { Workload } from './workloads/workload.ts'

/** What the command line asks for. */
export interface Options {
  help: boolean
  rounds: number
  seconds: number
  warmup: number
  rate: number
  peers: readonly Peer[]
  workloads: readonly Workload[]
  clients: readonly Client[]
  clientWorkloads: readonly ClientWorkload[]
  /** Where the results go, instead of a new file in bench/results. */
  json: string | undefined
}

/** A mistake on the command line, to be told without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The text of --help. */
export const help = `Headgate beside other proxies and HTTP clients: what a second of processor time buys in each.

  npm run bench                                      everything
  npm run bench -- --quick                           a first look, one round of one second
  npm run bench -- --workload small-json,latency     some workloads
  npm run bench -- --peers nginx,headgate            some proxies and clients
  npm run bench -- --client                          the clients only

Options
  --rounds N         rounds; in each, all take their turn (default 5)
  --seconds S        measured seconds per turn (default 4)
  --warmup S         seconds of load before each, twice as long in the first round (default 1)
  --rate N           requests per second of the latency workload (default 2000)
  --peers A,B        who takes part (default: all that are there)
                     proxies: ${names(allPeers)}
                     clients: ${names(allClients)}
  --workload A,B     workloads (default: all)
  --client           the workloads of clients only
  --json FILE        where the results go (default: a new file in bench/results)
  --quick            --rounds 1 --seconds 1 --warmup 0.5, unless given
  --help             this text

Workloads of proxies
${titles(allWorkloads)}

Workloads of clients
${titles(clientWorkloads)}

The tables go to stdout, progress to stderr. Proxies that are not on the machine are named and left out; nothing
is installed. How to read the figures: bench/README.md.
`

function names(all: readonly { name: string }[]): string {
  return all.map(({ name }) => name).join(', ')
}

function titles(all: readonly { name: string; title: string }[]): string {
  return all.map(({ name, title }) => `  ${name.padEnd(24)}${title}`).join('\n')
}

/** Parses the command line. Throws a UsageError that names the argument, its value and what is allowed. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parse(args)
  const standard = values.quick
    ? { rounds: 1, seconds: 1, warmup: 0.5 }
    : { rounds: 5, seconds: 4, warmup: 1 }
  const chosenPeers = choose('--peers', values.peers, [...allPeers, ...allClients])
  const chosenWorkloads = choose('--workload', values.workload, [...allWorkloads, ...clientWorkloads])
  return {
    help: values.help ?? false,
    rounds: whole('--rounds', values.rounds, standard.rounds, 1, 100),
    seconds: within('--seconds', values.seconds, standard.seconds, 0.5, 60),
    warmup: within('--warmup', values.warmup, standard.warmup, 0, 60),
    rate: whole('--rate', values.rate, 2000, 10, 20_000),
    peers: allPeers.filter((peer) => chosenPeers.includes(peer)),
    workloads: values.client ? [] : allWorkloads.filter((each) => chosenWorkloads.includes(each)),
    clients: allClients.filter((client) => chosenPeers.includes(client)),
    clientWorkloads: clientWorkloads.filter((each) => chosenWorkloads.includes(each)),
    json: values.json,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        warmup: { type: 'string' },
        rate: { type: 'string' },
        peers: { type: 'string', multiple: true },
        workload: { type: 'string', multiple: true },
        json: { type: 'string' },
        quick: { type: 'boolean' },
        client: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function within(name: string, text: string | undefined, standard: number, min: number, max: number): number {
  if (text === undefined) return standard
  const value = Number(text)
  if (text.trim() !== '' && value >= min && value <= max) return value
  throw new UsageError(`${name} is "${text}": a number from ${min} to ${max} is allowed`)
}

function whole(name: string, text: string | undefined, standard: number, min: number, max: number): number {
  const value = within(name, text, standard, min, max)
  if (Number.isInteger(value)) return value
  throw new UsageError(`${name} is "${text}": a whole number from ${min} to ${max} is allowed`)
}

/** Those of `all` that are named, in the order of `all`. */
function choose<Item extends { name: string }>(
  option: string,
  texts: readonly string[] | undefined,
  all: readonly Item[],
): readonly Item[] {
  if (texts === undefined) return all
  const names = texts.flatMap((text) => text.split(',')).map((name) => name.trim())
  const unknown = names.find((name) => !all.some((item) => item.name === name))
  if (unknown !== undefined) {
    throw new UsageError(
      `${option} names "${unknown}": allowed are ${[...new Set(all.map(({ name }) => name))].join(', ')}`,
    )
  }
  return all.filter((item) => names.includes(item.name))
}
