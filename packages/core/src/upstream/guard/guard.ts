import { knownOptions, type OptionNames } from '../../message/own-options.ts'
import { TrafficError } from '../../message/errors.ts'
import { RANGE_NAMES } from './address-ranges.ts'
import {
  contains,
  embedded,
  formatAddress,
  isSameAddress,
  parseAddress,
  parseNetwork,
  rangeOf,
  readHost,
  unmapped,
} from './addresses.ts'
import type { Network } from './address-ranges.ts'
import { BLOCKED_PORTS } from './blocked-ports.ts'
import type { ResolvedAddress } from '../connect/dns.ts'

/** What an `AddressGuard` lets through beside public addresses on ports 80 and 443. */
export interface AddressGuardOptions {
  /**
   * Hosts that are trusted to lead anywhere but to a metadata service: `api.internal`, or `*.corp.example` for every name
   * below it. None by default.
   */
  readonly allowHosts?: readonly string[]
  /**
   * Addresses and networks (`10.0.0.0/8`) that may be reached though they are not public. A metadata service is opened only
   * by its address alone, never by a network around it. None by default.
   */
  readonly allow?: readonly string[]
  /** Addresses and networks that may not be reached, whatever else says so. None by default. */
  readonly deny?: readonly string[]
  /** Ports beside 80 and 443; `any` for all but those on which other protocols would understand HTTP. None by default. */
  readonly ports?: readonly number[] | 'any'
  /** Schemes that may be used. Both by default. */
  readonly schemes?: readonly ('http' | 'https')[]
}

const OPTIONS: OptionNames<AddressGuardOptions> = {
  allowHosts: true,
  allow: true,
  deny: true,
  ports: true,
  schemes: true,
}

/** Where somebody wants to connect to. */
export interface GuardedPlace {
  /** A host name or an address, with or without brackets. */
  readonly host: string
  readonly port: number
  readonly scheme: 'http' | 'https'
}

/** What a guard says, and why. */
export type Verdict =
  /** `addresses` are those that the host stands for, where it is an address: nobody is to be asked for them. */
  | { readonly allowed: true; readonly addresses?: readonly ResolvedAddress[] }
  | { readonly allowed: false; readonly reason: string }

const ALLOWED: Verdict = { allowed: true }

interface HostPattern {
  readonly name: string
  /** For names below `name`, not for itself. */
  readonly below: boolean
}

/**
 * Keeps requests to URLs that others have chosen away from one's own network (server-side request forgery, CWE-918). It judges the
 * host, each address that DNS answers for it, and the address that the socket is connected to; nothing is asked twice, so
 * that a second answer cannot differ from the first (DNS rebinding). Each verdict is a pure function of options and input.
 */
export class AddressGuard {
  private readonly allowHosts: readonly HostPattern[]
  private readonly allow: readonly Network[]
  private readonly deny: readonly Network[]
  private readonly ports: readonly number[] | 'any'
  private readonly schemes: readonly string[]

  /** @throws TypeError that names the option and the value that is not valid */
  constructor(given: AddressGuardOptions = {}) {
    const options = knownOptions('guard', given, OPTIONS)
    this.allowHosts = (options.allowHosts ?? []).map(hostPattern)
    this.allow = networks('allow', options.allow)
    this.deny = networks('deny', options.deny)
    this.ports = ports(options.ports ?? [])
    this.schemes = schemes(options.schemes ?? ['http', 'https'])
  }

  /** Before anybody is asked for the host's addresses. */
  judge({ host, port, scheme }: GuardedPlace): Verdict {
    if (!this.schemes.includes(scheme)) return refused(`the scheme ${scheme} is not allowed`)
    if (!this.allowsPort(port)) return refused(`port ${port} is not allowed`)
    const form = readHost(host)
    if (form.kind === 'invalid') return refused(form.reason)
    if (form.kind === 'name') {
      // RFC 6761 6.3: it must mean this machine, but not every resolver knows.
      const local = /^(?:.*\.)?localhost\.?$/i.test(host)
      return local && !this.trusts(host) ? refused('the name means this machine') : ALLOWED
    }
    const reason = this.objection(form.bytes, this.trusts(host))
    if (reason !== undefined) return refused(reason)
    const family = form.bytes.length === 4 ? 4 : 6
    return { allowed: true, addresses: [{ address: formatAddress(form.bytes), family }] }
  }

  /** What DNS answered for a name: one address that may not be reached condemns them all. */
  judgeAnswers(host: string, answers: readonly ResolvedAddress[]): Verdict {
    const trusted = this.trusts(host)
    if (answers.length === 0) return refused('it has no address')
    for (const { address } of answers) {
      const bytes = parseAddress(address)
      const reason = bytes === undefined ? 'no address' : this.objection(bytes, trusted)
      if (reason !== undefined) return refused(`it resolves to ${address}: ${reason}`)
    }
    return ALLOWED
  }

  /** The address that a socket is connected to, which must be one of those that were judged. */
  judgePeer(peer: string, judged: readonly ResolvedAddress[]): Verdict {
    const bytes = parseAddress(peer)
    const known = judged.some(({ address }) => {
      const other = parseAddress(address)
      return bytes !== undefined && other !== undefined && isSameAddress(bytes, other)
    })
    return known ? ALLOWED : refused(`the connection leads to ${peer || 'nowhere'}, which was not checked`)
  }

  private allowsPort(port: number): boolean {
    if (port === 80 || port === 443) return true
    return this.ports === 'any' ? !BLOCKED_PORTS.has(port) : this.ports.includes(port)
  }

  private trusts(host: string): boolean {
    const name = plainName(host)
    return this.allowHosts.some((pattern) =>
      pattern.below ? name.endsWith(`.${pattern.name}`) : name === pattern.name,
    )
  }

  /** Why an address may not be reached; undefined if it may. */
  private objection(bytes: Uint8Array, trusted: boolean): string | undefined {
    const outer = this.objectionTo(unmapped(bytes), trusted)
    if (outer !== undefined) return outer
    for (const inner of embedded(bytes)) {
      const reason = this.objectionTo(inner.bytes, trusted)
      if (reason !== undefined) return `${reason}, as ${formatAddress(inner.bytes)} within (${inner.form})`
    }
    return undefined
  }

  private objectionTo(bytes: Uint8Array, trusted: boolean): string | undefined {
    if (holds(this.deny, bytes)) return 'the address is denied'
    const range = rangeOf(bytes)
    if (range === 'public') return undefined
    if (range === 'metadata') {
      const single = this.allow.filter(({ bits }) => bits === bytes.length * 8)
      return holds(single, bytes) ? undefined : `that is ${RANGE_NAMES.metadata}`
    }
    return trusted || holds(this.allow, bytes) ? undefined : `that is ${RANGE_NAMES[range]}`
  }
}

/** What a refusal becomes: nothing was sent, and nothing gets better by trying again. */
export function refusal(
  host: string,
  reason: string,
  advice = "name it in the guard's options",
): TrafficError {
  const message = `the address guard refused ${host}: ${reason}; if it may be reached, ${advice}`
  return new TrafficError('address_refused', message, { phase: 'connect', replaySafe: 'unsent' })
}

function refused(reason: string): Verdict {
  return { allowed: false, reason }
}

function holds(list: readonly Network[], bytes: Uint8Array): boolean {
  return list.some((network) => contains(network, bytes))
}

function plainName(host: string): string {
  const name = host.toLowerCase().replace(/\.$/, '')
  return name.startsWith('[') ? name.slice(1, -1) : name
}

function hostPattern(text: string): HostPattern {
  const below = text.startsWith('*.')
  const name = plainName(below ? text.slice(2) : text)
  const form = readHost(name)
  if (form.kind === 'invalid' || name === '' || (below && form.kind !== 'name')) {
    throw invalid('allowHosts', text, 'a host name as "api.internal", or "*.internal" for all names below it')
  }
  return { name, below }
}

function networks(option: string, list: readonly string[] = []): Network[] {
  return list.map((text) => {
    const network = parseNetwork(text)
    if (network !== undefined) return network
    throw invalid(option, text, 'an address or a network as "10.0.0.0/8", with no bits behind the prefix')
  })
}

function ports(option: readonly number[] | 'any'): readonly number[] | 'any' {
  if (option === 'any') return option
  for (const port of option) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw invalid('ports', port, 'a port from 1 to 65535, or "any" in place of the list')
  }
  return option
}

function schemes(list: readonly string[]): readonly string[] {
  for (const scheme of list) {
    if (scheme !== 'http' && scheme !== 'https') throw invalid('schemes', scheme, '"http" and "https"')
  }
  return list
}

function invalid(option: string, value: string | number, allowed: string): TypeError {
  return new TypeError(`guard.${option}: ${JSON.stringify(value)} is not valid; allowed: ${allowed}`)
}
