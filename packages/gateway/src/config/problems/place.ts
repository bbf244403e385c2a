import type { Locate } from '../read/positions.ts'
import { HIDDEN, redactUrls } from '../redact-urls.ts'
import { type JsonSchema, schemasAt } from '../schema/schema-tree.ts'
import { formatPath, valueAt } from './problem.ts'
import type { ConfigProblem, Finding, Path } from './problem.ts'
import { show } from './show.ts'

/** Where a configuration comes from. */
export interface ConfigSource {
  readonly file?: string
  /** Answers where in the file something stands. */
  readonly locate?: Locate
}

/** The finding with its place in the file and its value in words. */
export function placeFinding(
  finding: Finding,
  input: unknown,
  source: ConfigSource,
  schema: JsonSchema,
): ConfigProblem {
  const part = finding.part ?? 'value'
  const written = part === 'key' ? finding.path.at(-1) : valueAt(input, finding.path)
  // A secret that is refused is one all the same.
  const secret = part === 'value' && written !== undefined && isSecret(schema, finding.path)
  const value = secret ? HIDDEN : written
  const problem = value === undefined && finding.whole !== true ? 'is missing' : finding.problem
  const whole = finding.whole === true || value === undefined
  return {
    ...(source.file === undefined ? {} : { file: source.file }),
    ...source.locate?.(finding.path, part),
    path: formatPath(finding.path),
    ...(value === undefined ? {} : { value: typeof value === 'string' ? redactUrls(value) : value }),
    message: redactUrls(whole ? problem : `${show(value)} ${problem}`),
    ...(finding.allowed === undefined ? {} : { allowed: finding.allowed }),
    ...(finding.hint === undefined ? {} : { hint: redactUrls(finding.hint) }),
  }
}

/** As `redact` knows them. */
function isSecret(schema: JsonSchema, path: Path): boolean {
  return schemasAt(schema, path).some((part) => part['writeOnly'] === true)
}
