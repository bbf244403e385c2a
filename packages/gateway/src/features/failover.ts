import { once, zod } from '../settings/schema/library.ts'
import { named, section } from '../settings/schema/section.ts'
import { integer, value } from '../settings/schema/setting.ts'
import { type Kind, textKind } from '../settings/values/kinds.ts'
import { parsed, refused } from '../settings/values/parsed.ts'

/** The settings by which some endpoints are used before others. */

const NAME = /^[A-Za-z0-9][A-Za-z0-9_./:-]{0,99}$/

export const zoneName: Kind<string> = textKind(
  'a text',
  'letters, digits and any of _ . / : -, up to 100, such as eu-central-1a',
  (written) => (NAME.test(written) ? parsed(written) : refused('is not the name of a zone')),
  { pattern: NAME.source },
)

const variable = textKind(
  'a text',
  'the name of an environment variable that holds the name of a zone',
  (written) => {
    const zone = process.env[written]
    if (zone === undefined || zone === '') return refused('is not set in the environment')
    return NAME.test(zone) ? parsed(zone) : refused('does not hold the name of a zone')
  },
  {},
)

/** Read once, with the configuration: what follows from it is the same in all threads. */
export const gatewayZone = once(() =>
  named(
    'ZoneInput',
    zod()
      .union([
        value(zoneName),
        section('ZoneVariableInput', () => ({
          env: value(variable, 'The environment variable that holds the name of the zone.'),
        }))(),
      ])
      .transform((zone) => (typeof zone === 'string' ? zone : zone.env)),
  ),
)

export const overprovisioning = () =>
  integer(
    'Percentage of its share that an endpoint can take. 140: endpoints that come first by priority and zone get all requests until fewer than 72 % of them are usable; from then on what is too much for them goes to the next.',
    140,
    100,
    1000,
  )
