import { type Fields, fieldsOf, isFields, listOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../settings/problems/problem.ts'
import { implies, type JsonSchema, never } from '../../settings/schema/schema-tree.ts'
import { inFolder } from '../tls/pem.ts'
import { readAuthorities, TrustError, type TrustingConfig } from './authorities.ts'
import { type ClientCertificatesConfig, clientDemands } from './setting.ts'

/** The configuration with the paths of files made absolute. */
export function trustedFiles(config: ClientCertificatesConfig, folder: string): ClientCertificatesConfig {
  const absolute = <
    Own extends { readonly ca?: readonly string[] | undefined; readonly crl?: readonly string[] | undefined },
  >(
    own: Own,
  ): Own => ({
    ...own,
    ...(own.ca && { ca: own.ca.map((each) => inFolder(each, folder)) }),
    ...(own.crl && { crl: own.crl.map((each) => inFolder(each, folder)) }),
  })
  const names = Object.entries(config.names).map(([name, own]) => [name, absolute(own)])
  return { ...absolute(config), names: Object.fromEntries(names) }
}

const NEEDED = 'ca: PEM files with the authorities that sign certificates of clients'

/** What no setting shows alone, as it was written. */
export function clientCertificateChecks(written: unknown, path: Path): Finding[] {
  if (written !== undefined && !isFields(written))
    return [
      {
        path,
        problem: 'is not an object',
        allowed: 'whom certificates are signed by, such as { ca: clients-ca.pem }',
      },
    ]
  if (!isFields(written)) return []
  const { mode = 'required', ca } = written
  const names = Object.entries(fieldsOf(written['names']))
  const own = mode !== 'none' && ca === undefined ? [lacking(path)] : []
  const ofNames = findEach(names, ([name, each]): Finding[] => {
    const of = fieldsOf(each)
    const asks = (of['mode'] ?? mode) !== 'none'
    return asks && of['ca'] === undefined && ca === undefined && own.length === 0
      ? [lacking([...path, 'names', name])]
      : []
  })
  return [...own, ...ofNames]
}

function lacking(path: Path): Finding {
  return { path, part: 'key', problem: 'names no authority', allowed: NEEDED }
}

/** The same for editors. */
export const clientCertificateRules: readonly JsonSchema[] = [
  { anyOf: [{ required: ['ca'] }, { required: ['mode'], properties: { mode: { const: 'none' } } }] },
  implies(never({ required: ['ca'] }), {
    properties: {
      names: {
        additionalProperties: { anyOf: [{ required: ['ca'] }, { properties: { mode: { const: 'none' } } }] },
      },
    },
  }),
]

/** Whether authorities and lists can be read and used. */
export function trustChecks(written: unknown, path: Path, folder: string): Finding[] {
  if (!isFields(written)) return []
  const names = Object.entries(fieldsOf(written['names']))
  return [
    ...entryChecks(written, {}, path, folder),
    ...findEach(names, ([name, own]) =>
      entryChecks(fieldsOf(own), written, [...path, 'names', name], folder),
    ),
  ]
}

/** @param all where what an entry does not say is said */
function entryChecks(own: Fields, all: Fields, path: Path, folder: string): Finding[] {
  if ((own['mode'] ?? all['mode']) === 'none' || (own['ca'] === undefined && own['crl'] === undefined))
    return []
  const [ca, crl] = [own['ca'] ?? all['ca'], own['crl'] ?? all['crl']].map((each) => paths(each, folder))
  if (ca === undefined || crl === undefined || ca.length === 0) return []
  try {
    readAuthorities({ ca, crl })
    return []
  } catch (error) {
    if (!(error instanceof TrustError)) throw error
    const { setting, index, message } = error
    const isList = Array.isArray(own[setting])
    const place = own[setting] === undefined ? path : [...path, setting, ...(isList ? [index] : [])]
    return [{ path: place, problem: message, allowed: 'a PEM file' }]
  }
}

function paths(written: unknown, folder: string): string[] {
  const texts = Array.isArray(written) ? listOf(written) : [written]
  return texts.flatMap((each) =>
    typeof each === 'string' && each.trim() !== '' && !each.includes('\0') ? [inFolder(each, folder)] : [],
  )
}

/** Lists by which nobody is let in any more: those that have expired. */
export function expiredLists({ listeners }: TrustingConfig, now: number): Finding[] {
  return listeners.flatMap(({ tls }, index) => {
    const path: Path = ['listeners', index, 'tls', 'clientCertificates']
    return [...clientDemands(tls?.clientCertificates)].flatMap(([name, demand]): Finding[] => {
      const found = demand && expiredList(readAuthorities(demand.trust).nextUpdate, now)
      if (found === undefined) return []
      const place =
        name === '' || tls?.clientCertificates?.names[name]?.crl === undefined
          ? path
          : [...path, 'names', name]
      return [{ path: [...place, 'crl'], whole: true, ...found }]
    })
  })
}

/** @param nextUpdate when the first of the lists expires, if one does */
export function expiredList(
  nextUpdate: number | undefined,
  now: number,
): { readonly problem: string; readonly hint: string } | undefined {
  if (nextUpdate === undefined || nextUpdate > now) return undefined
  return {
    problem: `a list of revoked certificates has expired on ${new Date(nextUpdate).toISOString()}: nobody is let in by it`,
    hint: 'put the next list of the authority in its place; the gateway takes it as soon as it is there',
  }
}
