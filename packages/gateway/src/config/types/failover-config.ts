/** What an upstream's configuration says about failover between its endpoints. */
export interface FailoverConfig {
  /** Absent: that of the whole gateway. */
  readonly zone?: string | undefined
  /** Percent. */
  readonly overprovisioning: number
}
