import type { Case, GivenBody, GivenRequest, Script } from './case.ts'
import { Chance } from './chance.ts'
import { generateRedirect, generateScript } from './generate-script.ts'
import type { Fields } from './raw-origin.ts'

const METHODS = [
  'GET',
  'GET',
  'GET',
  'POST',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'get',
  'pOst',
  'patch',
  'QUERY',
  'PROPFIND',
  'x-Own',
  'M-SEARCH',
  'CONNECT',
  'TRACE',
  'a b',
  '',
]
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'CONNECT', 'TRACE'])
const TARGETS = [
  '',
  '?',
  '?a=1',
  '?a=%20b&c=d+e',
  '#fragment',
  '?q#f',
  '/a/../b',
  '/a/./b//c',
  '/%7Euser/%2F',
  '/\u00fc?\u00e4',
  '/a b',
  "/it's(ok)!*",
  '/a;b=c,d',
  '/{x}|y',
  '/%zz',
  '/^`"<>',
  '?"<>\'`{}|\\^',
  '/a\\b',
]
const NAMES = [
  'x-a',
  'X-B',
  'accept',
  'Accept-Language',
  'content-type',
  'authorization',
  'cookie',
  'x-empty',
  'user-agent',
  'range',
  'if-none-match',
  'origin',
  'referer',
  'date',
  'via',
  'cache-control',
  'pragma',
  'dnt',
  'x_under',
  "x!#$%&'*+.^`|~",
  '__proto__',
  'constructor',
  'accept-encoding',
  'sec-fetch-mode',
  'idempotency-key',
  'x-a',
  'a b',
  '',
  'x:y',
  'x\n',
]
const VALUES = [
  '1',
  'a, b',
  '',
  ' padded ',
  'caf\xe9',
  '\t',
  'a\tb',
  '"quoted, text"',
  'Bearer abc.def',
  'bytes=0-3',
  'gzip',
  '*/*',
  'x'.repeat(300),
  'a\r\nb',
  'a\nb',
  '\ud83d\ude00',
  'nul\0',
  '\x7f',
  'undefined',
]
const BODIES: readonly GivenBody['kind'][] = [
  'string',
  'string',
  'empty',
  'bytes',
  'buffer',
  'view',
  'blob',
  'params',
  'form',
  'number',
  'stream',
  'iterable',
]
const TEXTS = ['x', 'hello world', '{"a":1}', '\u00fc\u00e4\ud83d\ude00', 'line\r\nline', '\ud800', 'a=1&b=2']
const READINGS: readonly Case['reading'][] = [
  'text',
  'text',
  'json',
  'arrayBuffer',
  'bytes',
  'blob',
  'formData',
  'stream',
  'clone',
  'cancel',
  'nothing',
]
const MORE: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { keepalive: true },
  { cache: 'no-store' },
  { cache: 'no-cache' },
  { cache: 'reload' },
  { cache: 'force-cache' },
  { cache: 'nonsense' },
  { credentials: 'omit' },
  { credentials: 'include' },
  { credentials: 'nonsense' },
  { mode: 'cors' },
  { mode: 'navigate' },
  { mode: 'same-origin' },
  { referrer: '' },
  { referrer: 'about:client' },
  { referrer: 'http://u:p@from.example/a/b?c=d#e' },
  { referrer: 'https://from.example/a', referrerPolicy: 'no-referrer-when-downgrade' },
  { referrer: 'http://127.0.0.1:1/a?b', referrerPolicy: 'unsafe-url' },
  { referrer: 'http://from.example/a', referrerPolicy: 'origin' },
  { referrer: 'https://from.example/a', referrerPolicy: 'strict-origin' },
  { referrer: 'http://from.example/a', referrerPolicy: 'same-origin' },
  { referrer: `http://from.example/${'x'.repeat(5_000)}`, referrerPolicy: 'unsafe-url' },
  { referrer: 'http://[' },
  { referrerPolicy: 'no-referrer' },
  { referrerPolicy: 'nonsense' },
  { integrity: '' },
  { integrity: 'sha256-AAAA' },
  { priority: 'high' },
  { priority: 'nonsense' },
  { window: null },
  { window: 1 },
  { retry: 0, json: {}, query: 'x', timeout: 1 },
  { method: undefined, body: undefined, headers: undefined },
  { duplex: 'full' },
  { signal: null },
  { signal: {} },
  { redirect: 'nonsense' },
  { body: null },
]

/** The case of a seed; always the same. */
export function generateCase(seed: number): Case {
  const chance = new Chance(seed)
  const request = generateRequest(chance)
  return { seed, request, scripts: generateScripts(chance, request), reading: chance.pick(READINGS) }
}

function generateRequest(chance: Chance): GivenRequest {
  // Most are right, so that most cases get past the checks.
  const odd = chance.is(0.12)
  const method = odd ? chance.pick(METHODS) : chance.pick(METHODS.slice(0, 15))
  const mayHaveBody = !WITHOUT_BODY.has(method.toUpperCase()) || chance.is(0.04)
  const plain = chance.is(0.7)
  const body: GivenBody | undefined =
    mayHaveBody && chance.is(0.8) ? { kind: chance.pick(BODIES), text: chance.pick(TEXTS) } : undefined
  const abort = chance.is(0.1) ? chance.pick(['before', 'head', 'body'] as const) : undefined
  const more = plain ? {} : chance.pick(MORE)
  return {
    as: chance.pick(['string', 'string', 'URL', 'Request', 'Request and init'] as const),
    target: chance.is(0.4) ? chance.pick(TARGETS) : '',
    method,
    fields: fieldsOf(chance, odd),
    fieldsAs: chance.pick(['object', 'pairs', 'Headers'] as const),
    body,
    redirect: chance.is(0.75) ? undefined : chance.pick(['follow', 'manual', 'error'] as const),
    more,
    // A form that is given up before it is sent makes Node's own fetch throw where nobody can catch it, and where the signal is
    // taken out again, nothing ends what never ends.
    abort: body?.kind === 'form' || 'signal' in more ? undefined : abort,
    reason: chance.pick(['none', 'error', 'string'] as const),
  }
}

function fieldsOf(chance: Chance, odd: boolean): Fields {
  const names = odd ? NAMES : NAMES.slice(0, 26)
  const values = odd ? VALUES : VALUES.slice(0, 13)
  const fields: (readonly [string, string])[] = []
  for (let count = chance.below(5); count > 0; count--) fields.push([chance.pick(names), chance.pick(values)])
  return fields
}

const PLACES = [
  './next',
  'next?a=1',
  '?only',
  '/R/abs',
  '//same/R',
  'http://same/R/there',
  'http://other/R/there',
  'http://other/R/there#f',
  '#here',
  '',
  '/R/caf\xe9',
  '/R/a b',
  'http://',
  'gopher://127.0.0.1/',
  'data:,x',
  'http://user:pass@same/R',
  'http://user:pass@other/R',
]

function generateScripts(chance: Chance, { abort }: GivenRequest): Script[] {
  const scripts: Script[] = []
  const hops = chance.is(0.3) ? 1 + (chance.is(0.3) ? chance.below(3) : 0) : 0
  for (let hop = 0; hop < hops; hop++) {
    const place = chance.is(0.7) ? chance.pick(PLACES.slice(0, 8)) : chance.pick(PLACES)
    scripts.push(generateRedirect(chance, chance.pick([301, 302, 303, 307, 308, 300, 304]), place))
  }
  // A loop without an end.
  if (hops === 0 && chance.is(0.01)) return [generateRedirect(chance, chance.pick([302, 307]), '/R')]
  const last = generateScript(chance)
  if (abort === 'head') return [...scripts, { ...last, cut: 'stall-head' }]
  if (abort === 'body') {
    const content = Buffer.alloc(1_000, 'x')
    const fields = last.fields.filter(([name]) => name.toLowerCase() !== 'content-encoding')
    return [
      ...scripts,
      { ...last, status: 200, fields, content, framing: 'length', cut: 'stall-content', interim: [] },
    ]
  }
  return [...scripts, last]
}
