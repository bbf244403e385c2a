import { filePath, type Kind } from '../../settings/values/kinds.ts'
import { parsed } from '../../settings/values/parsed.ts'
import { isInlinePem } from './pem.ts'

/** A file in PEM form, or what would be in it. */
export const pem: Kind<string> = {
  ...filePath,
  allowed: `${filePath.allowed}; or its content, which begins with -----BEGIN`,
  parse: (written) =>
    typeof written === 'string' && isInlinePem(written) ? parsed(written) : filePath.parse(written),
}
