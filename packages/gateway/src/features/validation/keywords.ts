/** What stands under a keyword of JSON Schema 2020-12. */
export type KeywordKind = 'schema' | 'schemas' | 'named-schemas' | 'plain' | 'note'

/** Keywords by what is done with them; notes say nothing of what is valid. */
export const KEYWORDS: Readonly<Record<string, KeywordKind>> = {
  ...kinds('schema', 'additionalProperties propertyNames items contains not if then else'),
  ...kinds('schema', 'unevaluatedItems unevaluatedProperties'),
  ...kinds('schemas', 'allOf anyOf oneOf prefixItems'),
  ...kinds('named-schemas', 'properties patternProperties dependentSchemas'),
  ...kinds('plain', 'type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum'),
  ...kinds('plain', 'maxLength minLength pattern maxItems minItems uniqueItems maxContains minContains'),
  ...kinds('plain', 'maxProperties minProperties required dependentRequired format'),
  // What references lead to is copied from where it stands.
  ...kinds('note', '$defs definitions $id $anchor $dynamicAnchor $schema $vocabulary $comment'),
  ...kinds('note', 'title description default deprecated readOnly writeOnly examples'),
  ...kinds('note', 'contentEncoding contentMediaType contentSchema'),
}

/** Of OpenAPI (3.1, 4.8.24.2 and 4.8.25), beside them. */
export const OPENAPI_NOTES: ReadonlySet<string> = new Set([
  'discriminator',
  'xml',
  'externalDocs',
  'example',
  'nullable',
])

function kinds(kind: KeywordKind, names: string): Record<string, KeywordKind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]))
}

/** Those that ajv-formats knows, but for what would have a client's text compiled. */
export const FORMATS = [
  'date',
  'time',
  'date-time',
  'iso-time',
  'iso-date-time',
  'duration',
  'uri',
  'uri-reference',
  'uri-template',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'json-pointer',
  'json-pointer-uri-fragment',
  'relative-json-pointer',
  'byte',
  'int32',
  'int64',
  'float',
  'double',
  'password',
  'binary',
] as const
