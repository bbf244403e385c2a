import { systemClock } from '@headgate/core'
import { Kept } from '../../kept.ts'
import { isFields } from '../../settings/problems/fields.ts'
import { nearestFirst, someOf } from '../../settings/problems/suggest.ts'
import { Authenticators } from './authenticators.ts'
import type { Identity } from '../identity.ts'
import type { AuthenticatedGateway } from './setting.ts'

/**
 * Who is meant where nobody proves anything: `partners:shop`, the key or user of an authenticator with what the configuration knows of
 * it; or that with further facts as JSON: `web:{"subject":"anna","scopes":["orders:read"]}`.
 * @returns why nobody is meant, in words that continue a sentence
 */
export function assumedIdentity(config: AuthenticatedGateway, text: string): Identity | string {
  const names = Object.keys(config.authenticators)
  const at = text.indexOf(':')
  const name = at === -1 ? text : text.slice(0, at)
  const rest = at === -1 ? '' : text.slice(at + 1)
  if (!names.includes(name) || rest === '')
    return `names no caller; allowed: AUTHENTICATOR:SUBJECT, with one of the authenticators ${someOf(nearestFirst(name, names)) || '(none is defined)'}`
  const given = rest.startsWith('{') ? factsIn(rest) : { subject: rest }
  if (given === undefined) return 'is no JSON with "subject", and perhaps "groups", "scopes" and "claims"'
  const known = new Authenticators(config, systemClock, new Kept(), { sends: false }).identity(
    name,
    given.subject,
  )
  if (known === undefined) return `names nobody that the authenticator ${name} knows`
  return { ...known, ...given }
}

type Given = Pick<Identity, 'subject'> & Partial<Pick<Identity, 'groups' | 'scopes' | 'claims'>>

function factsIn(text: string): Given | undefined {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isFields(read) || typeof read['subject'] !== 'string') return undefined
  const { subject, groups, scopes, claims } = read
  if (!isTexts(groups) || !isTexts(scopes) || (claims !== undefined && !isFields(claims))) return undefined
  return { subject, ...(groups && { groups }), ...(scopes && { scopes }), ...(claims && { claims }) }
}

function isTexts(value: unknown): value is readonly string[] | undefined {
  return value === undefined || (Array.isArray(value) && value.every((each) => typeof each === 'string'))
}
