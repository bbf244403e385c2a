import { keyed, oneOrMore } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { oneOf, value } from '../../settings/schema/setting.ts'
import { hostPattern, whole } from '../../settings/values/kinds.ts'
import { pem } from '../tls/pem-kind.ts'

const MODES = ['required', 'optional', 'none'] as const

const MODE =
  'Whether clients must show a certificate (required), may show one (optional), or are not asked (none). One that cannot be verified ends the handshake, where it is optional, too.'
const DEPTH = 'How many certificates may stand between that of a client and the authority.'
/** More than any authority in use makes. */
const MOST_DEPTH = 10

const asked = () => ({
  ca: oneOrMore(
    pem,
    'PEM files with the authorities that sign certificates of clients; or the PEM text itself. Read again when they change.',
  ).optional(),
  crl: oneOrMore(
    pem,
    'PEM files with lists of revoked certificates, one of each authority in the chain of a client; or the PEM text itself. Read again when they change. Once a list has expired, nobody is let in by it.',
  ).optional(),
})

const ofName = section('NamedClientCertificatesInput', () => ({
  mode: oneOf(MODES, MODE).optional(),
  ...asked(),
  depth: value(whole(0, MOST_DEPTH), DEPTH).optional(),
}))

/** How a listener asks for certificates of clients (mutual TLS). */
export const clientCertificates = section('ClientCertificatesInput', () => ({
  mode: oneOf(MODES, MODE).prefault('required'),
  ...asked(),
  depth: value(whole(0, MOST_DEPTH), DEPTH).prefault(2),
  names: keyed(hostPattern, ofName())
    .prefault(nothing)
    .describe(
      'What is asked of clients that ask for one of these names (SNI), or, with *.suffix, for any name below one; whatever is not said there is as for the others. A request for a name on a connection of another, of whose clients something else is asked, is answered with 421.',
    ),
}))

export type ClientCertificatesConfig = Read<typeof clientCertificates>

/** What is asked of clients, at one name or at all others. */
export interface ClientDemand {
  readonly mode: 'required' | 'optional'
  readonly trust: TrustConfig
  readonly depth: number
}

/** Whose certificates are taken, and which of them are no more. */
export interface TrustConfig {
  readonly ca: readonly string[]
  readonly crl: readonly string[]
}

/** By name pattern; '' stands for all names that have none of their own. Undefined: no certificate is asked for. */
export function clientDemands(
  config: ClientCertificatesConfig | undefined,
): ReadonlyMap<string, ClientDemand | undefined> {
  if (config === undefined) return new Map()
  const demand = ({ mode, ca = [], crl = [], depth }: Omit<ClientCertificatesConfig, 'names'>) =>
    mode === 'none' ? undefined : { mode, trust: { ca, crl }, depth }
  const { names, ...all } = config
  const named = Object.entries(names).map(
    ([name, own]) => [name, demand({ ...all, ...defined(own) })] as const,
  )
  return new Map([['', demand(all)], ...named])
}

function defined<Fields extends object>(
  fields: Fields,
): { [K in keyof Fields]: Exclude<Fields[K], undefined> } {
  const entries = Object.entries(fields).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries) as { [K in keyof Fields]: Exclude<Fields[K], undefined> } // the same keys
}
