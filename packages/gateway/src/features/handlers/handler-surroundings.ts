import type { Clock, Handler } from '@headgate/core'
import type { Kept } from '../../kept.ts'
import type { HandlerSurroundings } from './answer-by-code.ts'
import { handlerClient } from './handler-client.ts'
import type { LogEntry } from './handler-context.ts'

/** What code needs of the gateway. */
export interface CodeContext {
  readonly clock: Clock
  readonly kept: Kept
  readonly onLog?: ((entry: LogEntry) => void) | undefined
  /** Where exchanges end in place of code, for explanations: nobody knows what it would do, and to whom. Absent: code runs. */
  readonly codeEnd?: Handler | undefined
}

/** What code needs of the configuration. */
export interface CodeConfig {
  readonly requestId: false | { readonly header: string }
}

export function handlerSurroundings(
  { kept, clock, onLog, codeEnd }: CodeContext,
  { requestId }: CodeConfig,
): HandlerSurroundings {
  const idField = requestId === false ? undefined : requestId.header
  return { clock, onLog, codeEnd, idField, client: handlerClient(kept) }
}
