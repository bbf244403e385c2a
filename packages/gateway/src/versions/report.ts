import { redactUrls } from '../settings/redact-text.ts'
import type { Changes, PartChanges } from './changes.ts'

/** How many names a line lists before it counts the rest. */
const NAMED = 5

/** What was kept, reset, added and removed, in a line. */
export function describeChanges({
  listeners,
  upstreams,
  endpoints,
  routes,
  splits,
  settings,
  restart,
}: Changes): string {
  const live = settings.filter((setting) => !restart.includes(setting))
  const parts = [
    describe('routes', routes, 'changed'),
    // Said only where weights that were changed by hand may be gone.
    splits.changed.length === 0 ? '' : describe('splits', splits, 'reset'),
    describe('upstreams', upstreams, 'reset'),
    ...endpoints.map((each) => describe(`endpoints of ${redactUrls(each.upstream)}`, each, 'changed')),
    describe('listeners', listeners, 'updated'),
    live.length === 0 ? '' : `settings changed: ${names(live)}`,
    restart.length === 0 ? '' : `needs a restart: ${names(restart)}`,
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function describe(what: string, { kept, changed, added, removed }: PartChanges, word: string): string {
  const facts = [
    `${kept} kept`,
    changed.length === 0 ? '' : `${changed.length} ${word} (${names(changed)})`,
    added.length === 0 ? '' : `${added.length} added (${names(added)})`,
    removed.length === 0 ? '' : `${removed.length} removed (${names(removed)})`,
  ]
  return `${what}: ${facts.filter((fact) => fact !== '').join(', ')}`
}

function names(list: readonly string[]): string {
  const shown = list.slice(0, NAMED).join(', ')
  return list.length > NAMED ? `${shown} and ${list.length - NAMED} more` : shown
}
