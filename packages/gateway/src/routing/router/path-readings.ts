import { canonicalPath, InvalidTarget, type PathForm } from '@headgate/core'
import type { Found } from './router.ts'

/** A path as the gateway sees it from here on, and its route. */
export interface SettledPath<Route> {
  readonly path: string
  readonly found: Found<Route>
}

/** The most that any of these forms takes: what may pass the door, as its route is not known there. */
export function widestForm(forms: readonly PathForm[]): PathForm {
  return {
    encodedSlash: forms.some(({ encodedSlash }) => encodedSlash === 'pass') ? 'pass' : 'refuse',
    slashes: forms.some(({ slashes }) => slashes === 'keep') ? 'keep' : 'merge',
  }
}

/** Whether servers read it differently, as far as it may pass the door at all. */
export function hasTwoReadings(path: string): boolean {
  return path.includes('//') || path.includes('%2F')
}

/** Why a path is refused of which the route alone decides. */
export const SLASH_NOT_TAKEN =
  '"%2F" in the path is read differently by different servers, and its route does not take it'

/**
 * Settles which of its readings counts for a path that has several. It stays as it is only where its route takes such a path,
 * and where the reading of those who decode `%2F` and merge slashes leads to no route that does not: so no route is reached
 * by another spelling past its settings. Else runs of slashes are merged, and `%2F` is refused.
 * @param find the route of a path
 */
export function settlePath<Route>(
  path: string,
  find: (path: string) => Found<Route>,
  formOf: (route: Route) => PathForm,
): SettledPath<Route> | InvalidTarget {
  const plain = canonicalPath(path.replaceAll('%2F', '/'))
  if (plain instanceof InvalidTarget) return plain
  const other = find(plain)
  const isFree = (candidate: string): boolean =>
    other.kind === 'not_found' || (other.kind === 'found' && takes(formOf(other.route), candidate))
  for (const candidate of [path, path.replace(/\/{2,}/g, '/')]) {
    if (candidate === plain) return { path: plain, found: other }
    if (!isFree(candidate)) continue
    const found = find(candidate)
    if (found.kind === 'found' && takes(formOf(found.route), candidate)) return { path: candidate, found }
  }
  return new InvalidTarget(SLASH_NOT_TAKEN)
}

function takes({ encodedSlash, slashes }: PathForm, path: string): boolean {
  return (encodedSlash === 'pass' || !path.includes('%2F')) && (slashes === 'keep' || !path.includes('//'))
}
