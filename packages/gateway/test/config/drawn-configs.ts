import type { JsonSchema } from '../../src/settings/schema/schema-tree.ts'

/** A whole number from 0 up, below the bound. */
export type Draw = (bound: number) => number

/** Texts of every kind that a configuration holds; a setting gets one that its pattern allows. */
const TEXTS = [
  ...`/a /a/** /users/:id /api /healthz?x=1 stdout id app all g1 x-a X-Canary unknown shop.example *.shop.example
a.example:9001 127.0.0.1:8080 [::1]:8443 :8444 unix:/run/a.sock 10.0.0.0/8 192.0.2.7 ::1 fd00::/8 10.0.0.2
_http._tcp.a.example EU DE US-CA AS15169 15169 http://127.0.0.1:9000 redis://127.0.0.1:6379 https://b.example HTTPS://B.example:8443/
https+unix:/run/b.sock GET PURGE 30s 250ms 1h 5m 16KiB 1MiB 64B 240B/s 1KiB/s 100/s 5/10s p95 client-ip header:x-a
cookie:a 2 2.1 v3 2027-06-30 2027-06-30T12:00:00Z 200-299 404 [a-z]+ application/json text/* application/vnd.shop
a-secret-of-many-characters-and-more .html *.js /index.html index.html 08:30 UTC ES256 sha256:${'a'.repeat(64)} $2b$04$${'a'.repeat(53)} sha256/${'A'.repeat(43)}=`.split(
    /\s/,
  ),
  'a b',
  'ops@shop.example',
  '',
  '${request.path}/a',
  '${client.address}',
  'ab'.repeat(32),
]

/** What makes sense of references. */
const REFERENCES: Readonly<Record<string, readonly string[]>> = {
  upstream: ['app', 'http://127.0.0.1:9000', 'https://b.example'],
  use: ['g1'],
  authentication: ['partners'],
  anyOf: ['partners'],
  allOf: ['partners'],
  authenticators: ['partners'],
  rateLimit: ['all'],
  tier: ['main'],
  store: ['main'],
}

/** Values that follow the schema, its rules on the settings of one section among them as far as they ask for one of several. */
export class DrawnValues {
  readonly #root: JsonSchema
  readonly #draw: Draw
  readonly #fitting = new Map<string, readonly string[]>()

  constructor(root: JsonSchema, draw: Draw) {
    this.#root = root
    this.#draw = draw
  }

  config(): Record<string, unknown> {
    const config = this.#value(this.#root, '', 0) as Record<string, Record<string, unknown>>
    const one = { endpoints: [{ url: 'http://127.0.0.1:9000' }] }
    return {
      ...config,
      upstreams: { ...config['upstreams'], app: one },
      rateLimits: { ...config['rateLimits'], all: { rate: '5/s' } },
      stores: { ...config['stores'], main: { redis: 'redis://127.0.0.1:6379' } },
      authenticators: { ...config['authenticators'], partners: { apiKey: { keys: [] } } },
      ...(JSON.stringify(config).includes('g1') && {
        groups: { ...config['groups'], g1: { timeout: '1s' } },
      }),
    }
  }

  pick<T>(values: readonly T[]): T {
    return values[this.#draw(values.length)] as T // within the list
  }

  text(): string {
    return this.pick(TEXTS)
  }

  #value(written: JsonSchema, name: string, depth: number): unknown {
    const schema = this.#resolve(written)
    if (schema.anyOf !== undefined && schema.properties === undefined) {
      const forms = schema.anyOf.filter((form) => !isVariable(form))
      return this.#value(this.pick(forms), name, depth)
    }
    if ('const' in schema) return schema['const']
    if (Array.isArray(schema['enum'])) return this.pick(schema['enum'])
    const types = [schema['type']].flat()
    switch (types[0]) {
      case 'object':
        return this.#object(schema, depth)
      case 'array':
        return Array.from({ length: 1 + this.#draw(2) }, () =>
          this.#value(schema.items ?? {}, name, depth + 1),
        )
      case 'boolean':
        return this.#draw(2) === 0
      case 'integer':
      case 'number':
        return this.#number(schema)
      default:
        return this.#text(schema, name)
    }
  }

  #object(schema: JsonSchema, depth: number): object {
    const { properties = {}, additionalProperties } = schema
    const required = new Set((schema['required'] as string[] | undefined) ?? [])
    const names = Object.keys(properties)
    const [some, others] = this.#chosen(schema)
    const isIn = (key: string): boolean => required.has(key) || this.#draw(names.length) < 2
    const keys = names.filter((key) => some.has(key) || (!others.has(key) && isIn(key)))
    const own = keys.map((key) => [key, this.#value(properties[key] ?? {}, key, depth + 1)])
    if (!additionalProperties) return Object.fromEntries(own)
    const entries = Array.from({ length: 1 + this.#draw(2) }, () => [
      this.#text((schema['propertyNames'] ?? {}) as JsonSchema, ''),
      this.#value(additionalProperties, '', depth + 1),
    ])
    return Object.fromEntries([...own, ...entries])
  }

  /** Of settings of which one must be there: that one, and the others. */
  #chosen(schema: JsonSchema): [some: Set<string>, others: Set<string>] {
    const rules = (schema['allOf'] ?? []) as {
      oneOf?: { required?: string[] }[]
      anyOf?: { required?: string[] }[]
    }[]
    const some = new Set<string>()
    const others = new Set<string>()
    for (const { oneOf, anyOf } of rules) {
      const keys = (oneOf ?? anyOf ?? []).flatMap(({ required }) => required ?? [])
      if (keys.length === 0) continue
      const chosen = this.pick(keys)
      some.add(chosen)
      if (oneOf !== undefined) for (const key of keys) if (key !== chosen) others.add(key)
    }
    return [some, others]
  }

  #number(schema: JsonSchema): number {
    const least = Number(schema['minimum'] ?? 0)
    const most = Number(schema['maximum'] ?? least + 1000)
    return this.pick([least, most, least + Math.floor((most - least) / 7)])
  }

  #text(schema: JsonSchema, name: string): string {
    const { pattern } = schema
    const known = REFERENCES[name]
    if (known !== undefined) return this.pick(known)
    if (typeof pattern !== 'string') return this.text()
    let fitting = this.#fitting.get(pattern)
    if (fitting === undefined) {
      const regex = new RegExp(pattern, 'u')
      fitting = TEXTS.filter((text) => !text.includes('${F') && regex.test(text))
      if (fitting.length === 0) throw new TypeError(`no text here fits ${pattern}`)
      this.#fitting.set(pattern, fitting)
    }
    return this.pick(fitting)
  }

  #resolve(schema: JsonSchema): JsonSchema {
    const { $ref } = schema
    if (typeof $ref !== 'string') return schema
    return this.#root.$defs?.[$ref.replace('#/$defs/', '')] ?? {}
  }
}

function isVariable({ pattern }: JsonSchema): boolean {
  return typeof pattern === 'string' && pattern.startsWith('\\$\\{')
}
