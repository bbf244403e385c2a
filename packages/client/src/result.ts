import { TrafficError } from '@headgate/core'

/** What came of something that can fail, as a value. */
export type Result<Value> =
  | { readonly ok: true; readonly value: Value; readonly error?: undefined }
  | { readonly ok: false; readonly error: TrafficError; readonly value?: undefined }

/** Waits for `work` and never rejects. */
export async function settle<Value>(work: PromiseLike<Value>): Promise<Result<Value>> {
  try {
    return { ok: true, value: await work }
  } catch (thrown) {
    return { ok: false, error: TrafficError.from(underneath(thrown)) }
  }
}

/** `fetch` rejects with a TypeError, whose cause says more. */
function underneath(thrown: unknown): unknown {
  return thrown instanceof TypeError && thrown.cause instanceof TrafficError ? thrown.cause : thrown
}
