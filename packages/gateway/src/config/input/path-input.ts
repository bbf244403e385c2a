/** What paths may hold that not every server reads alike. */
export interface PathsInput {
  /**
   * What becomes of %2F in a path: refuse answers 400, pass leaves it as it is, for router, policies and upstream
   * alike. Default: refuse.
   */
  encodedSlash?: 'refuse' | 'pass' | undefined
  /**
   * What becomes of runs of slashes in a path: merge makes them one, keep leaves them as they are, for router, policies
   * and upstream alike. Default: merge.
   */
  slashes?: 'merge' | 'keep' | undefined
}

/** The same of one route: what it does not say is as for all. */
export interface RoutePathsInput {
  /**
   * What becomes of %2F in a path: refuse answers 400, pass leaves it as it is, for router, policies and upstream
   * alike.
   */
  encodedSlash?: 'refuse' | 'pass' | undefined
  /**
   * What becomes of runs of slashes in a path: merge makes them one, keep leaves them as they are, for router, policies
   * and upstream alike.
   */
  slashes?: 'merge' | 'keep' | undefined
}
