/**
 * What a parameter's name says when its value is a secret; `code` is OAuth's (RFC 6749 4.1.2). Names may end in a number
 * (`api_key_2`); a session is as good as a password while it lasts (`JSESSIONID`).
 */
const SECRET_NAME =
  /token|secret|passw|passphrase|passcode|credential|assertion|jwt|signature|sess(?:ion)?[-_]?id|(?:keys?|pwd|auth|authorization|authentication|bearer|sig|otp|^code|(?:^|[-_])(?:pin|pass|sid))(?:[-_]?\d+)?$/i

/** Whether what has that name is a secret, as its name says. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** Fields and cookies that hold secrets under names that do not say so. */
const SECRET_FIELD = /^(?:set-)?cookie2?$|^dpop$|^x-csrf|session|sid$/i

/** Whether a header field, a cookie or whatever else has a name and a value holds a secret, as its name says. */
export function isSecretField(name: string): boolean {
  return SECRET_NAME.test(name) || SECRET_FIELD.test(name)
}
