import type { GeoConfig, GeoMatchConfig } from '../types/geo-config.ts'
import type { GeoInput, GeoMatchInput } from '../input/geo-input.ts'
import { list, oneOrMore } from './list.ts'
import { text, value } from './setting.ts'
import * as z from './zod.ts'
import { autonomousSystem, continent, country, subdivision } from '../values/geo-kinds.ts'
import { filePath, type Kind } from '../values/kinds.ts'

export const geo: z.ZodType<GeoConfig, GeoInput> = z.strictObject({
  database: oneOrMore(
    filePath,
    'A MaxMind DB file (.mmdb), or several: what the first does not know of an address, the next may. Read again when it changes.',
  ),
})

export const geoMatch: z.ZodType<GeoMatchConfig, GeoMatchInput> = z.strictObject({
  country: codes(country, 'Countries by their two letters (ISO 3166-1), or unknown.'),
  continent: codes(continent, 'Continents: AF, AN, AS, EU, NA, OC or SA, or unknown.'),
  subdivision: codes(subdivision, 'Parts of countries (ISO 3166-2), as US-CA, or unknown.'),
  asn: list(value<number | string, string>(autonomousSystem, ''))
    .min(1)
    .optional()
    .describe('Autonomous systems by their numbers, or unknown.'),
})

function codes(kind: Kind<string>, about: string): z.ZodOptional<z.ZodArray<z.ZodType<string, string>>> {
  return list(text(kind, '')).min(1).optional().describe(about)
}
