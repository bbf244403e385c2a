import type { GaugeDescription, MetricDescription } from '@headgate/core'

/** The metrics of splits, mirrors and versions of an API. */

/** Labels: route, upstream. */
export const SPLIT_REQUESTS: MetricDescription = {
  name: 'headgate_split_requests_total',
  help: 'Exchanges that the split of the route sent to the upstream.',
}

/** Labels: route, upstream. */
export const SPLIT_WEIGHT: GaugeDescription = {
  name: 'headgate_split_weight',
  help: 'Weight of the upstream in the split of the route, as it is now.',
}

/** Labels: route, outcome. */
export const MIRRORED: MetricDescription = {
  name: 'headgate_mirror_requests_total',
  help: 'Requests that the mirror of the route was to copy: "answered", whatever the answer, "failed", or "dropped" and not copied, as too many copies were under way or the body was not there or too large.',
}

/** Labels: route, version. */
export const API_VERSIONS: MetricDescription = {
  name: 'headgate_api_version_requests_total',
  help: 'Requests by the version of the API that they are for, or "(none)" if they were refused for want of one.',
}
