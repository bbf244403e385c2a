import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A folder with files of documents, for as long as a test runs. */
export function writeDocuments(t: TestContext, files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-openapi-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return folder
}

/** An API of a shop, in two files, with what the tests look at. */
export const SHOP = {
  openapi: '3.1.0',
  servers: [{ url: 'https://{host}.example/v1/', variables: { host: { default: 'shop' } } }],
  paths: {
    '/orders': {
      get: {
        operationId: 'listOrders',
        parameters: [
          { $ref: '#/components/parameters/page' },
          { name: 'tag', in: 'query', schema: { type: 'array', items: { type: 'integer' }, maxItems: 2 } },
          { name: 'ids', in: 'query', explode: false, schema: { items: { type: 'string', maxLength: 3 } } },
          {
            name: 'filter',
            in: 'query',
            style: 'deepObject',
            schema: {
              type: 'object',
              additionalProperties: false,
              properties: { open: { type: 'boolean' }, size: { type: 'integer' } },
            },
          },
          {
            name: 'where',
            in: 'query',
            content: {
              'application/json': { schema: { required: ['a'], properties: { a: { type: 'integer' } } } },
            },
          },
          { name: 'X-Tenant', in: 'header', required: true, schema: { type: 'integer' } },
          { name: 'theme', in: 'cookie', schema: { enum: ['dark', 'light'] } },
        ],
        responses: {
          '200': {
            content: {
              'application/json': { schema: { type: 'array', items: { $ref: './order.yaml#/Order' } } },
            },
          },
          '4XX': { description: 'nothing of content' },
        },
      },
      post: {
        operationId: 'createOrder',
        requestBody: { $ref: '#/components/requestBodies/order' },
        responses: {
          '201': { content: { 'application/json': { schema: { $ref: './order.yaml#/Order' } } } },
        },
      },
    },
    '/orders/{order-id}': {
      parameters: [{ name: 'order-id', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } }],
      get: { responses: {} },
      put: {
        operationId: 'putFile',
        requestBody: {
          content: {
            'image/*': {},
            'application/x-www-form-urlencoded': { schema: { $ref: './order.yaml#/Order' } },
          },
        },
        responses: {},
      },
    },
    '/orders/latest': { get: { operationId: 'latest', responses: {} } },
  },
  components: {
    parameters: { page: { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1 } } },
    requestBodies: {
      order: { required: true, content: { 'application/json': { schema: { $ref: './order.yaml#/Order' } } } },
    },
  },
}

export const ORDER_FILE = `Order:
  type: object
  required: [id, item]
  example: { item: 1 }
  discriminator: { propertyName: kind }
  properties:
    id: { type: integer, readOnly: true }
    item: { type: string }
    parent: { $ref: '#/Order' }
    secret: { type: string, writeOnly: true }
`
