/** Where each event leads from each state. What has no row cannot happen: whoever meets it has a defect. */
export type StateTable<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>

/** Where `event` leads from `state`. @throws Error if the table has no such row */
export function after<State extends string, Event extends string>(
  table: StateTable<State, Event>,
  state: State,
  event: Event,
): State {
  const next = table[state][event]
  if (next === undefined) throw new Error(`no row in the state table for "${event}" in "${state}"`)
  return next
}
