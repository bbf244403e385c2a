/** What is used of ajv, which compiles schemas to functions: 200 kB that are loaded where a route has a schema. */
export { Ajv2020 } from 'ajv/dist/2020.js'
export type { AnySchema, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
