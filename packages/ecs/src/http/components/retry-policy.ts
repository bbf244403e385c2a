import type { RetrySettings } from '@headgate/client'
import { component, type Component } from '../../port/component.ts'

/** Tries in all, or more about them; false for one. As the option `retry` of the client's calls. */
export type RetryPolicy = false | number | Omit<RetrySettings, 'budget'>

/** When the client tries the request again, in place of what `HttpConfig` says. It is read when the request is submitted. */
export const RetryPolicy: Component<RetryPolicy> = component<RetryPolicy>('RetryPolicy')
