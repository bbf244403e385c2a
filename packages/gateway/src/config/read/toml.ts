import { parse, TomlError } from 'smol-toml'
import { locator } from './positions.ts'
import type { FileContent } from './positions.ts'
import { tomlPositions } from './toml-positions.ts'

/** Reads TOML 1.0. */
export function readToml(text: string): FileContent {
  try {
    return { problems: [], value: { input: parse(text), locate: locator(tomlPositions(text)) } }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    // After the first line it draws the source, which may hold what should not be in a log.
    const [message = 'invalid TOML'] = error.message.replace(/^Invalid TOML document: /, '').split('\n')
    return { problems: [{ message, line: error.line, column: error.column }] }
  }
}
