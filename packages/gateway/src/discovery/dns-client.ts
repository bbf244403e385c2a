import { randomInt } from 'node:crypto'
import { getServers } from 'node:dns'
import { isIP } from 'node:net'
import type { Clock } from '@headgate/core'
import {
  answersTo,
  decodeAnswer,
  type DnsAnswer,
  encodeQuestion,
  isTruncated,
  type QuestionType,
} from './dns-message.ts'
import { askByConnection, askByDatagram, type NameServer } from './dns-transport.ts'

export interface DnsClientOptions {
  readonly clock: Clock
  /** `10.0.0.2` or `[::1]:5353`; default: those of the system, as they are at that moment. */
  readonly servers?: readonly string[] | undefined
  /** Milliseconds for one question to one server. */
  readonly timeout: number
}

/** How often the list of servers is gone through. */
const ROUNDS = 2
/** What a server that does not know EDNS answers to it (RFC 6891 section 7). */
const NOT_EXTENDED = new Set(['FORMERR', 'NOTIMP'])
/** These are answers. All else is a server that has none, and another one may. */
const DEFINITE = new Set(['NOERROR', 'NXDOMAIN'])

/**
 * Asks name servers, and nobody else: neither /etc/hosts nor nsswitch.conf count. Node's own resolver tells the time to
 * live of addresses, but not of SRV records.
 */
export class DnsClient {
  private readonly clock: Clock
  private readonly servers: readonly string[] | undefined
  private readonly timeout: number

  constructor({ clock, servers, timeout }: DnsClientOptions) {
    this.clock = clock
    this.servers = servers
    this.timeout = timeout
  }

  /** Rejects with an Error that says why, if no server has an answer. That there is no such name is an answer. */
  async ask(name: string, type: QuestionType): Promise<DnsAnswer> {
    const servers = (this.servers ?? getServers()).map(nameServer)
    const failures = new Set<string>()
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of servers) {
        try {
          const answer = await this.askOne(server, name, type)
          if (DEFINITE.has(answer.code)) return answer
          failures.add(`${textOf(server)} answered ${answer.code}`)
        } catch (error) {
          failures.add(`${textOf(server)}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
    }
    throw new Error(failures.size === 0 ? 'this system has no name server' : [...failures].join('; '))
  }

  private async askOne(server: NameServer, name: string, type: QuestionType): Promise<DnsAnswer> {
    const answer = await this.exchange(server, name, type, true)
    return NOT_EXTENDED.has(answer.code) ? this.exchange(server, name, type, false) : answer
  }

  private async exchange(
    server: NameServer,
    name: string,
    type: QuestionType,
    extended: boolean,
  ): Promise<DnsAnswer> {
    const { clock, timeout } = this
    // Not the clock's: who can guess it can answer in the server's place (RFC 5452).
    const id = randomInt(2 ** 16)
    const question = encodeQuestion(id, name, type, extended)
    const isAccepted = (answer: Buffer): boolean => answersTo(answer, id)
    const short = await askByDatagram(server, question, isAccepted, timeout, clock)
    const whole = isTruncated(short)
      ? await askByConnection(server, question, isAccepted, timeout, clock)
      : short
    return decodeAnswer(whole, name, type)
  }
}

/** @param text as configured, or as node:dns tells those of the system */
function nameServer(text: string): NameServer {
  if (isIP(text) !== 0) return { host: text, port: 53 }
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? []
  return { host: bracketed ?? plain, port: port === undefined ? 53 : Number(port) }
}

function textOf({ host, port }: NameServer): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
