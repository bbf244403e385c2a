/** The description of the admin API, as far as it is looked at here. */
export interface Description {
  readonly openapi: string
  readonly info: { readonly title?: string; readonly version?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly security?: readonly Readonly<Record<string, unknown>>[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema?: unknown
  }[]
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description?: string
        readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>
        readonly headers?: Readonly<Record<string, unknown>>
      }
    >
  >
}

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

/** What OpenAPI 3.1 does not allow, and what a generated client would miss. */
export function mistakesIn(description: Description): string[] {
  const mistakes: string[] = []
  const { openapi, info, paths } = description
  if (!/^3\.1\.\d+$/.test(openapi)) mistakes.push(`openapi is ${openapi}`)
  if (!info.title || !info.version) mistakes.push('info lacks title or version')
  const ids = new Set<string>()
  const shapes = new Set<string>()
  for (const [path, methods] of Object.entries(paths)) {
    const shape = path.replaceAll(/\{\w+\}/g, '{}')
    if (!path.startsWith('/') || shapes.has(shape)) mistakes.push(`path ${path}`)
    shapes.add(shape)
    for (const [method, operation] of Object.entries(methods)) {
      const { operationId: id } = operation
      if (!METHODS.has(method) || !id || ids.has(id)) mistakes.push(`${method} ${path}: its id is ${id}`)
      ids.add(id)
      mistakes.push(...mistakesOf(path, operation, description).map((mistake) => `${id}: ${mistake}`))
    }
  }
  return mistakes
}

function mistakesOf(path: string, operation: Operation, description: Description): string[] {
  const { summary, parameters = [], requestBody, responses, security } = operation
  const mistakes: string[] = []
  if (!summary) mistakes.push('no summary')
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const declared = parameters.filter((each) => each.in === 'path' && each.required === true)
  if (declared.map(({ name }) => name).join() !== inPath.join()) mistakes.push('parameters of the path')
  const names = parameters.map((each) => `${each.in} ${each.name}`)
  if (new Set(names).size !== names.length) mistakes.push('a parameter twice')
  if (parameters.some(({ schema }) => schema === undefined)) mistakes.push('a parameter without schema')
  if (requestBody !== undefined && requestBody.content?.['application/json']?.schema === undefined)
    mistakes.push('a body without schema')
  const statuses = Object.keys(responses)
  if (!statuses.some((status) => status.startsWith('2'))) mistakes.push('no success')
  for (const [status, { description: says, content = {} }] of Object.entries(responses)) {
    if (!/^(?:[1-5]\d\d|default)$/.test(status) || !says) mistakes.push(`answer ${status}`)
    if (Object.keys(content).length !== 1) mistakes.push(`answer ${status} has no single type`)
  }
  const schemes = Object.keys(description.components['securitySchemes'] ?? {})
  const named = (security ?? []).flatMap((each) => Object.keys(each))
  if (security === undefined || named.some((name) => !schemes.includes(name))) mistakes.push('security')
  for (const [, ref = ''] of JSON.stringify(operation).matchAll(/"\$ref":"([^"]*)"/g)) {
    const [, , kind = '', name = ''] = ref.split('/')
    if (description.components[kind]?.[name] === undefined) mistakes.push(`${ref} leads nowhere`)
  }
  return mistakes
}

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly $ref?: string
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** Where a value is not as its schema says: as much of JSON Schema as the description uses. */
export function misfits(
  value: unknown,
  schema: Schema,
  components: Description['components'],
  at = '',
): string[] {
  if (schema.$ref !== undefined) {
    const [, , kind = '', name = ''] = schema.$ref.split('/')
    return misfits(value, components[kind]?.[name] as Schema, components, at)
  }
  if (schema.oneOf !== undefined) {
    const fitting = schema.oneOf.filter((each) => misfits(value, each, components).length === 0)
    return fitting.length === 1 ? [] : [`${at}: ${JSON.stringify(value)} is ${fitting.length} of its kinds`]
  }
  if (schema.enum?.includes(value) === false || ('const' in schema && schema.const !== value))
    return [`${at}: ${JSON.stringify(value)} is none of its values`]
  if (schema.type !== undefined && TYPES[schema.type]?.(value) !== true)
    return [`${at}: ${JSON.stringify(value)} is not of type ${schema.type}`]
  if (Array.isArray(value)) {
    const { items = {} } = schema
    return value.flatMap((item: unknown, index) => misfits(item, items, components, `${at}[${index}]`))
  }
  if (typeof value !== 'object' || value === null) return []
  const { properties = {}, required = [], additionalProperties = true } = schema
  const missing = required.filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`)
  return Object.entries(value).reduce((found, [name, member]) => {
    const place = `${at}.${name}`
    const described = properties[name] ?? additionalProperties
    if (described === true) return found
    if (described === false) return [...found, `${place} is not described`]
    return [...found, ...misfits(member, described, components, place)]
  }, missing)
}
