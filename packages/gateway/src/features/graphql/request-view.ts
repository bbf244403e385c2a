import type { GraphqlOperation } from './operation.ts'
import type { Subject } from '../../routing/conditions/condition.ts'

/** What a GraphQL request was found to be. All that decides about it looks at this, so that there is one reading. */
export interface RequestView {
  /** `none`: it asks for nothing of GraphQL, as a preflight. `persisted`: only the origin knows what for. */
  readonly kind: 'none' | 'persisted' | 'single' | 'batch'
  /** At least one, for `single` and `batch`. */
  readonly operations: readonly GraphqlOperation[]
  /** Octets of the body, or of the URL's query. */
  readonly size: number
  /** That which a route is sought for: of a batch, one after the other. */
  sought: GraphqlOperation | undefined
}

/** Beside the exchange, since none but routes of GraphQL need it. */
const views = new WeakMap<Subject, RequestView | typeof UNREAD>()
const UNREAD = Symbol('unread')

/** Undefined as long as the request was not read. */
export function viewOf(subject: Subject): RequestView | undefined {
  const view = views.get(subject)
  return view === UNREAD ? undefined : view
}

export function setView(subject: Subject, view: RequestView): void {
  views.set(subject, view)
}

/** For conditions: the operation that they are about. Where the request was not read yet, it is noted that it should be. */
export function soughtOperation(subject: Subject): GraphqlOperation | undefined {
  const view = views.get(subject)
  if (view === undefined) views.set(subject, UNREAD)
  return view === undefined || view === UNREAD ? undefined : view.sought
}

/** Whether a condition would have needed to know the operation. */
export function isUnread(subject: Subject): boolean {
  return views.get(subject) === UNREAD
}
