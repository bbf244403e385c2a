import {
  DURATION_BOUNDS,
  type GaugeDescription,
  type HistogramDescription,
  type MetricDescription,
} from '@headgate/core'

/**
 * Every metric of the gateway: its name, and its meaning as operators read it. Series that would mostly be zeros,
 * as there is one for each route and more, appear when they have counted something.
 */

// By route. "(none)" stands for exchanges that no route takes.

/** Labels: route, status_class. */
export const REQUESTS: MetricDescription = {
  name: 'headgate_requests_total',
  help: 'Finished exchanges, by status class ("2xx"), or "none" where no response was sent.',
  sparse: true,
}
/** Label: route. */
export const REQUEST_DURATION: HistogramDescription = {
  name: 'headgate_request_duration_seconds',
  help: 'Time from the request head to the end of the response.',
  bounds: DURATION_BOUNDS,
  sparse: true,
}
/** Label: route. */
export const REQUEST_BYTES: MetricDescription = {
  name: 'headgate_request_bytes_total',
  help: 'Bytes of request content received; of a tunnel, counted when it ends, what came through it.',
}
/** Label: route. */
export const RESPONSE_BYTES: MetricDescription = {
  name: 'headgate_response_bytes_total',
  help: 'Bytes of response content sent; of a tunnel, counted when it ends, what went through it.',
}
/** Label: route. */
export const REQUESTS_ACTIVE: GaugeDescription = {
  name: 'headgate_requests_active',
  help: 'Exchanges under way.',
}
/** Label: route. */
export const RETRIES: MetricDescription = {
  name: 'headgate_retries_total',
  help: 'Attempts beyond the first.',
}

/** Labels: limit, decision. */
export const RATE_LIMIT: MetricDescription = {
  name: 'headgate_rate_limit_requests_total',
  help: 'Requests that a rate limit allowed or limited; the limits of a route are called route/limit.',
  sparse: true,
}

/** Label: limit. */
export const RATE_LIMIT_STORE_ERRORS: MetricDescription = {
  name: 'headgate_rate_limit_store_errors_total',
  help: 'How often the store of the rate limit could not be asked: it failed, or did not answer in time.',
  sparse: true,
}
/** Label: code. */
export const ERRORS: MetricDescription = {
  name: 'headgate_request_errors_total',
  help: 'Failed exchanges and refused requests, by error code.',
}

export const DOWNSTREAM_ACTIVE: GaugeDescription = {
  name: 'headgate_downstream_connections_active',
  help: 'Open connections of clients.',
}
export const DOWNSTREAM_TOTAL: MetricDescription = {
  name: 'headgate_downstream_connections_total',
  help: 'Connections accepted from clients.',
}

// By upstream and endpoint.

export const UPSTREAM_ACTIVE: GaugeDescription = {
  name: 'headgate_upstream_connections_active',
  help: 'Connections to the endpoint that serve an exchange.',
}
export const UPSTREAM_IDLE: GaugeDescription = {
  name: 'headgate_upstream_connections_idle',
  help: 'Connections to the endpoint that wait for an exchange.',
}
export const UPSTREAM_PENDING: GaugeDescription = {
  name: 'headgate_upstream_connections_pending',
  help: 'Exchanges that wait for a connection to the endpoint.',
}
export const UPSTREAM_OPENED: MetricDescription = {
  name: 'headgate_upstream_connections_opened_total',
  help: 'Connections opened to the endpoint.',
}
export const UPSTREAM_FAILED: MetricDescription = {
  name: 'headgate_upstream_connections_failed_total',
  help: 'Connections to the endpoint that could not be opened.',
}
export const UPSTREAM_REUSED: MetricDescription = {
  name: 'headgate_upstream_connections_reused_total',
  help: 'Exchanges that were sent on a connection which had served another before.',
}

/** Labels: upstream, endpoint. */
export const UPSTREAM_AVAILABLE: GaugeDescription = {
  name: 'headgate_upstream_endpoint_available',
  help: 'Workers that send exchanges to the endpoint, or would if those that come before it were gone: none where it is marked down, draining or unhealthy, fewer where some have ejected it.',
}
/** Labels: upstream, endpoint. */
export const UPSTREAM_EJECTIONS: MetricDescription = {
  name: 'headgate_upstream_ejections_total',
  help: 'How often a worker left the endpoint alone because it failed.',
}
/** Labels: upstream, endpoint. */
export const UPSTREAM_CHECKS_PASSED: MetricDescription = {
  name: 'headgate_upstream_health_checks_passed_total',
  help: 'Active checks that found the endpoint well.',
}
/** Labels: upstream, endpoint. */
export const UPSTREAM_CHECKS_FAILED: MetricDescription = {
  name: 'headgate_upstream_health_checks_failed_total',
  help: 'Active checks that did not.',
}
/** Labels: upstream. */
export const UPSTREAM_CHECKS_PAUSED: GaugeDescription = {
  name: 'headgate_upstream_health_checks_paused',
  help: 'Whether the active checks of the upstream are paused by hand: 1 or 0.',
}
/** Labels: upstream, endpoint. */
export const UPSTREAM_PANICS: MetricDescription = {
  name: 'headgate_upstream_panics_total',
  help: 'Exchanges that the endpoint got because so few endpoints were usable that all were used.',
}
/** Labels: upstream, endpoint. */
export const UPSTREAM_SPILLS: MetricDescription = {
  name: 'headgate_upstream_spills_total',
  help: 'Exchanges that the endpoint got because those that come before it by priority or zone were short of usable endpoints.',
  sparse: true,
}
/** Labels: upstream, priority, zone. */
export const UPSTREAM_LEVEL_SHARE: GaugeDescription = {
  name: 'headgate_upstream_level_share',
  help: 'Part of the exchanges, from 0 to 1, that goes to the endpoints of that priority, in the own zone (local) or others (other); where workers do not agree, the largest.',
  across: 'max',
}

// Of endpoints that come and go while the gateway runs.

/** Label: source. */
export const DISCOVERY_ENDPOINTS: GaugeDescription = {
  name: 'headgate_discovery_endpoints',
  help: 'Endpoints that the source, as in "dns:orders.internal:9001", has found last.',
}
/** Label: source. */
export const DISCOVERY_FAILURES: MetricDescription = {
  name: 'headgate_discovery_failures_total',
  help: 'How often the source could not be asked, or had no answer: what it found last is kept.',
}
/** Label: source. */
export const DISCOVERY_LAST_SUCCESS: GaugeDescription = {
  name: 'headgate_discovery_last_success_time_seconds',
  help: 'When the source had an answer last, in seconds since 1970-01-01 UTC; 0 if never.',
}
/** Label: upstream. */
export const ENDPOINTS_ADDED: MetricDescription = {
  name: 'headgate_upstream_endpoints_added_total',
  help: 'Endpoints that came to the upstream while it served: by discovery, a reload or a call of the admin API.',
}
/** Label: upstream. */
export const ENDPOINTS_REMOVED: MetricDescription = {
  name: 'headgate_upstream_endpoints_removed_total',
  help: 'Endpoints that left the upstream while it served.',
}

// Of what keeps failures small: series are there for what is configured.

/** Label: upstream. */
export const BREAKER_OPEN: GaugeDescription = {
  name: 'headgate_breaker_open',
  help: 'Workers in which the circuit of the upstream is open.',
}
/** Labels: upstream, to. */
export const BREAKER_TRANSITIONS: MetricDescription = {
  name: 'headgate_breaker_transitions_total',
  help: 'How often the circuit of the upstream came into that state, in any worker.',
}
/** Labels: upstream, endpoint. */
export const ENDPOINT_BREAKER_OPEN: GaugeDescription = {
  name: 'headgate_endpoint_breaker_open',
  help: 'Workers in which the circuit of the endpoint is open.',
}
/** Labels: upstream, endpoint, to. */
export const ENDPOINT_BREAKER_TRANSITIONS: MetricDescription = {
  name: 'headgate_endpoint_breaker_transitions_total',
  help: 'How often the circuit of the endpoint came into that state, in any worker.',
}
/** Label: limiter. */
export const CONCURRENCY_ACTIVE: GaugeDescription = {
  name: 'headgate_concurrency_active',
  help: 'Exchanges that hold a slot of the concurrency limit, as in "upstream orders" or "route api".',
}
/** Label: limiter. */
export const CONCURRENCY_QUEUED: GaugeDescription = {
  name: 'headgate_concurrency_queued',
  help: 'Exchanges that wait for a slot of the concurrency limit.',
}
/** Label: limiter. */
export const CONCURRENCY_LIMIT: GaugeDescription = {
  name: 'headgate_concurrency_limit',
  help: 'Slots of the concurrency limit, of all workers together.',
}
/** Label: route. */
export const HEDGES: MetricDescription = {
  name: 'headgate_hedges_total',
  help: 'Requests that were sent once more because the first response was late.',
}
/** Label: route. */
export const FALLBACKS: MetricDescription = {
  name: 'headgate_fallbacks_total',
  help: 'Requests that were answered by the fallback of the route.',
}

// Of where clients are: series are there where a database is configured.

/** Label: result. */
export const GEO_LOOKUPS: MetricDescription = {
  name: 'headgate_geo_lookups_total',
  help: 'Look-ups of where a client is: found, unknown, or failed because the database is broken there.',
}
/** Label: result. */
export const GEO_RELOADS: MetricDescription = {
  name: 'headgate_geo_reloads_total',
  help: 'Databases of addresses that changed on disk, and were applied, or refused with the one before left in force.',
}
/** Label: database. */
export const GEO_BUILT: GaugeDescription = {
  name: 'headgate_geo_database_build_time_seconds',
  help: 'When the database in force was built, in seconds since 1970-01-01 UTC.',
}

export * from './routing/graphql/metric-descriptions.ts'

// Of the gateway itself.

export const WORKERS: GaugeDescription = {
  name: 'headgate_workers',
  help: 'Worker threads that serve.',
}
export const WORKER_CRASHES: MetricDescription = {
  name: 'headgate_worker_crashes_total',
  help: 'Worker threads that ended unexpectedly.',
}
export const CONFIG_RELOAD_SUCCESSFUL: GaugeDescription = {
  name: 'headgate_config_last_reload_successful',
  help: 'Whether the configuration file was accepted when it was read last (1), or refused with the one before left in force (0).',
}
export const CONFIG_RELOAD_TIME: GaugeDescription = {
  name: 'headgate_config_last_reload_timestamp_seconds',
  help: 'When the configuration file was read last, in seconds since 1970-01-01 UTC.',
}
/** Label: result. */
export const CONFIG_RELOADS: MetricDescription = {
  name: 'headgate_config_reloads_total',
  help: 'Readings of the configuration file, the one of the start included: applied, or refused.',
}
export const ACCESS_LOG_DROPPED: MetricDescription = {
  name: 'headgate_access_log_dropped_total',
  help: 'Lines of the access log that were lost because they could not be written in time.',
}
export const EVENT_LOOP_DELAY: HistogramDescription = {
  name: 'headgate_event_loop_delay_seconds',
  help: 'How late the event loop of a worker was at worst, in each second.',
  bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
}

// Of the process, under the names that Prometheus gives them for every program.

export const PROCESS_START_TIME: GaugeDescription = {
  name: 'process_start_time_seconds',
  help: 'When the process started, in seconds since 1970-01-01 UTC.',
}
export const PROCESS_RESIDENT_MEMORY: GaugeDescription = {
  name: 'process_resident_memory_bytes',
  help: 'Resident memory of the process.',
}
export const PROCESS_CPU: MetricDescription = {
  name: 'process_cpu_seconds_total',
  help: 'CPU time of the process, in user space and kernel.',
}
