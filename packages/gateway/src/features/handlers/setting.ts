import { code, type CodeReference } from '../../code/code-reference.ts'
import { value } from '../../settings/schema/setting.ts'
import type { RouteSetting } from '../layer.ts'

/** A route's code. */
export type HandleConfig = CodeReference

const handle = code(
  'a function from a Request to a Response, or an object with such a method fetch',
  'Handle | string',
)

export function handleSetting() {
  return value(
    handle,
    'Code that answers, in place of upstream: the path of a module that exports a function from a Request to a Response, or in TypeScript the function itself.',
  )
}

export const handleSettings: RouteSetting<HandleConfig> = { code: (reference, each) => each(reference, []) }
