import { createHmac, randomBytes } from 'node:crypto'
import type { Exchange } from '@headgate/core'
import { someCookie } from '../../../routing/conditions.ts'
import { type Dependence, readDependence } from './setting.ts'

/**
 * What verdicts are kept under: a MAC of all that they depend on, under a key that is nowhere but in memory, so that whoever sees the
 * memory has no credentials.
 */
export function verdictKey(by: readonly string[]): (exchange: Exchange) => string {
  const secret = randomBytes(32)
  const parts = by.map((written) => readDependence(written))
  return (exchange) => {
    // As JSON, in which no text runs into the next one, and none that is empty is taken for one that is not there.
    const text = JSON.stringify(parts.map((part) => valueOf(part, exchange)))
    return createHmac('sha256', secret).update(text).digest('base64')
  }
}

function valueOf(part: Dependence, { request, clientScheme, clientAddress }: Exchange): unknown {
  switch (part.kind) {
    case 'method':
    case 'path':
    case 'query':
      return request[part.kind]
    case 'scheme':
      return clientScheme
    case 'host':
      return request.authority.text
    case 'client':
      return clientAddress
    case 'header':
      return request.headers.get(part.name) ?? null
    case 'cookie': {
      const values: string[] = []
      someCookie(request.headers, part.name, (value) => {
        values.push(value)
        return false
      })
      return values
    }
  }
}
