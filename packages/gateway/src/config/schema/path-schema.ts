import { section } from '../../settings/schema/section.ts'
import { oneOf } from '../../settings/schema/setting.ts'

const ENCODED_SLASH =
  'What becomes of %2F in a path: refuse answers 400, pass leaves it as it is, for router, policies and upstream alike.'
const SLASHES =
  'What becomes of runs of slashes in a path: merge makes them one, keep leaves them as they are, for router, policies and upstream alike.'

/** Of all routes. */
export const paths = section('PathsInput', () => ({
  encodedSlash: oneOf(['refuse', 'pass'], ENCODED_SLASH).prefault('refuse'),
  slashes: oneOf(['merge', 'keep'], SLASHES).prefault('merge'),
}))

/** Of one route: what it does not say is as for all. */
export const routePaths = section('RoutePathsInput', () => ({
  encodedSlash: oneOf(['refuse', 'pass'], ENCODED_SLASH).optional(),
  slashes: oneOf(['merge', 'keep'], SLASHES).optional(),
}))
