import type { DrawnValues } from './drawn-configs.ts'

const WRONG = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  3,
  1_000_000,
  1e300,
  '',
  '3',
  'x',
  'off',
  'true',
  [],
  {},
  ['x'],
  { x: 1 },
]
const UNITS = ['', 'x', 'S', 'sec', ' s', 'KB', 'kb', '/m', 'ms', 'h']

/** Changes the value in one place, or of one key, as somebody may get it wrong. */
export function changeOne(config: object, drawn: DrawnValues): void {
  const place = drawn.pick(placesIn(config))
  const { holder, key } = place
  const value = holder[key]
  const change = drawn.pick(CHANGES)
  change(holder, key, value, drawn)
}

interface Place {
  readonly holder: Record<PropertyKey, unknown>
  readonly key: string
}

function placesIn(value: object): Place[] {
  const holder = value as Record<PropertyKey, unknown>
  return Object.keys(value).flatMap((key) => {
    const inner = holder[key]
    return [{ holder, key }, ...(typeof inner === 'object' && inner !== null ? placesIn(inner) : [])]
  })
}

type Change = (holder: Record<PropertyKey, unknown>, key: string, value: unknown, drawn: DrawnValues) => void

const CHANGES: readonly Change[] = [
  (holder, key, _, drawn) => (holder[key] = drawn.pick(WRONG)),
  (holder, key, _, drawn) => (holder[key] = drawn.text()),
  (holder, key) => {
    if (Array.isArray(holder)) holder.pop()
    else delete holder[key]
  },
  (holder, key, value) => {
    if (Array.isArray(holder)) return
    delete holder[key]
    holder[`${key}s`] = value
  },
  (holder, key, value) => (holder[key] = [value]),
  (holder, key, value) => (holder[key] = Array.isArray(value) ? value[0] : { [key]: value }),
  (holder, key, value) => {
    if (typeof value === 'string')
      holder[key] = value === value.toLowerCase() ? value.toUpperCase() : value.toLowerCase()
    if (typeof value === 'number') holder[key] = String(value)
  },
  (holder, key, value, drawn) => {
    if (typeof value === 'string') holder[key] = `${Number.parseInt(value, 10) || 7}${drawn.pick(UNITS)}`
    if (typeof value === 'number')
      holder[key] = drawn.pick([value - 1, value + 1, value * 1000, -value, value + 0.5])
  },
  (holder, key, value, drawn) => {
    if (typeof value === 'string')
      holder[key] = drawn.pick([
        `${value} `,
        ` ${value}`,
        `${value}*`,
        `${value}|x`,
        `${value}\n`,
        `${value}#x`,
      ])
  },
  // A second target, or what does not go with the first.
  (holder, _key, _value, drawn) => {
    if (Array.isArray(holder)) return
    const [name, value] = drawn.pick(SETTINGS)
    holder[name] = value
  },
]

const SETTINGS: readonly (readonly [name: string, value: unknown])[] = [
  ['upstream', 'app'],
  ['redirect', { location: '/b' }],
  ['respond', { status: 204, body: 'x' }],
  ['split', { upstreams: [{ upstream: 'app', weight: 0 }] }],
  ['fallback', {}],
  ['rewrite', { path: '/b', stripPrefix: '/a' }],
  ['preserveHost', false],
  ['mirror', { upstream: 'app' }],
  ['apiVersions', { header: 'x-v', versions: { 1: { upstream: 'app' } } }],
  ['lifecycle', { afterSunset: 'gone' }],
  ['algorithm', 'sliding-window'],
  ['burst', 5],
  ['tls', {}],
  ['hash', {}],
  ['url', 'http://127.0.0.1:9000'],
  ['dns', 'a.example:80'],
  ['scheme', 'https'],
  ['weight', 3],
  ['exists', true],
  ['cookie', 'a'],
  ['graphql', {}],
  ['stripPath', true],
  ['x-note', 'a note'],
]
