import type { Condition } from '../../routing/conditions.ts'
import { list, oneOrMore } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { value } from '../../settings/schema/setting.ts'
import { filePath, type Kind, textKind } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, refused, scalarText } from '../../settings/values/parsed.ts'
import { type GeoFact, type GeoLookup, UNKNOWN } from './geo-place.ts'

export const geoSetting = section('GeoInput', () => ({
  database: oneOrMore(
    filePath,
    'A MaxMind DB file (.mmdb), or several: what the first does not know of an address, the next may. Read again when it changes.',
  ),
}))

export type GeoConfig = Read<typeof geoSetting>

export const geoMatch = section('GeoMatchInput', () => ({
  country: codes(country, 'Countries by their two letters (ISO 3166-1), or unknown.'),
  continent: codes(continent, 'Continents: AF, AN, AS, EU, NA, OC or SA, or unknown.'),
  subdivision: codes(subdivision, 'Parts of countries (ISO 3166-2), as US-CA, or unknown.'),
  asn: list(value(autonomousSystem))
    .min(1)
    .optional()
    .describe('Autonomous systems by their numbers, or unknown.'),
}))

/** Numbers of autonomous systems are without "AS". */
export type GeoMatchConfig = Read<typeof geoMatch>

function codes(kind: Kind<string>, about: string) {
  return list(value(kind)).min(1).optional().describe(about)
}

const CONTINENTS = ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA']

export const country: Kind<string> = textKind(
  'a country',
  'two letters in upper case (ISO 3166-1), such as DE, or unknown',
  (written) => {
    if (written === UNKNOWN) return parsed(written)
    // No database has them: the code of the United Kingdom is GB, and the European Union is no country.
    if (written.toUpperCase() === 'UK') return refused('is the code of no country', didYouMean('GB'))
    if (written.toUpperCase() === 'EU')
      return refused('is the code of no country', 'the continent Europe is continent: [EU]')
    if (/^[A-Z]{2}$/.test(written)) return parsed(written)
    return /^[a-z]{2}$/i.test(written)
      ? refused('is not in upper case', didYouMean(written.toUpperCase()))
      : refused('is not the code of a country')
  },
  { pattern: '^((?!UK$|EU$)[A-Z]{2}|unknown)$' },
)

export const continent: Kind<string> = {
  ...textKind(
    'a continent',
    `${CONTINENTS.join(', ')} or unknown`,
    (written) => {
      if (written === UNKNOWN || CONTINENTS.includes(written)) return parsed(written)
      const meant = CONTINENTS.includes(written.toUpperCase()) ? didYouMean(written.toUpperCase()) : undefined
      return refused('is not the code of a continent', meant)
    },
    { enum: [...CONTINENTS, UNKNOWN] },
  ),
  type: 'string',
}

export const subdivision: Kind<string> = textKind(
  'a part of a country',
  'country and part in upper case (ISO 3166-2), such as US-CA, or unknown',
  (written) => {
    if (written === UNKNOWN || /^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(written)) return parsed(written)
    return refused('is not the code of a part of a country')
  },
  { pattern: '^([A-Z]{2}-[A-Z0-9]{1,3}|unknown)$' },
)

export const autonomousSystem: Kind<string> = {
  allowed: 'the number of an autonomous system, such as 15169, or unknown',
  json: {
    anyOf: [
      { type: 'integer', minimum: 1, maximum: 2 ** 32 - 1 },
      { enum: [UNKNOWN] },
      { type: 'string', pattern: '^(AS)?[1-9][0-9]{0,9}$' },
    ],
  },
  parse(written) {
    if (written === UNKNOWN) return parsed(UNKNOWN)
    const [, digits] = /^(?:AS)?([1-9]\d{0,9})$/.exec(scalarText(written)) ?? []
    return digits !== undefined && Number(digits) < 2 ** 32
      ? parsed(digits)
      : refused('is not the number of an autonomous system')
  },
}

const FACTS: readonly GeoFact[] = ['country', 'continent', 'subdivision', 'asn']

/** What a match asks of where the client is: a condition for each fact. */
export function geoConditions(match: GeoMatchConfig | undefined, lookup: GeoLookup): readonly Condition[] {
  return FACTS.flatMap((fact) => {
    const values = match?.[fact]
    return values === undefined ? [] : [isThere(fact, values, lookup)]
  })
}

function isThere(fact: GeoFact, values: readonly string[], lookup: GeoLookup): Condition {
  const accepted = new Set(values)
  const named = values.map((value) => (fact === 'asn' && value !== UNKNOWN ? `AS${value}` : value))
  return {
    text: `${fact} is ${named.join(' or ')}`,
    weight: 1,
    holds: ({ clientAddress }) => accepted.has(lookup(clientAddress)[fact]),
  }
}
