import type { AccessLog, Exchange } from '@headgate/core'
import { JsonAccessLog } from '../access-log/access-log.ts'
import { viewOf } from './request-view.ts'

/** The access log of a route that judges GraphQL: its lines tell of operations. */
export function operationLog(log: AccessLog | undefined): AccessLog | undefined {
  return log instanceof JsonAccessLog ? log.withMembers(operationMembers) : log
}

/** Clients choose names: a line must stay short. */
const LONGEST_NAME = 128

/** Names are letters, digits and "_"; of a batch, the first operation stands for all. */
function operationMembers(exchange: Exchange): string {
  const operations = viewOf(exchange)?.operations ?? []
  const [first] = operations
  if (first === undefined) return ''
  const name = first.name === undefined ? '' : `,"graphql_operation":"${first.name.slice(0, LONGEST_NAME)}"`
  const batch = operations.length === 1 ? '' : `,"graphql_batch":${operations.length}`
  return `,"graphql_type":"${first.type}"${name}${batch}`
}
