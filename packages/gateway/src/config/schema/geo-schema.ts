import { list, oneOrMore } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { value } from '../../settings/schema/setting.ts'
import { autonomousSystem, continent, country, subdivision } from '../values/geo-kinds.ts'
import { filePath, type Kind } from '../../settings/values/kinds.ts'

export const geo = section('GeoInput', () => ({
  database: oneOrMore(
    filePath,
    'A MaxMind DB file (.mmdb), or several: what the first does not know of an address, the next may. Read again when it changes.',
  ),
}))

export type GeoConfig = Read<typeof geo>

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
