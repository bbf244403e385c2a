import type { EventsConfig } from './setting.ts'

/** What is declared of each event. */
export type EventChanges = Pick<EventsConfig, 'only' | 'without' | 'where' | 'rename' | 'json'>

/** Whether events are looked at: otherwise, bytes pass. */
export function changesEvents({ only, without, where, rename, json }: EventChanges): boolean {
  return (only?.length ?? 0) + without.length + where.length + json.length + Object.keys(rename).length > 0
}
