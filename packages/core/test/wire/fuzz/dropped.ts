/**
 * Which fields a proxy may keep to itself, written down a second time and more simply than in the engine: what is missing from a
 * forwarded message and not here is a finding.
 */
const ONE_CONNECTION =
  /^(?:connection|keep-alive|proxy-connection|proxy-authenticate|proxy-authorization|te|transfer-encoding|upgrade|http2-settings|proxy|content-length)$/
const TOLD =
  /^(?:xrealip|(?:x|true|xcluster|fastly)?clientip|cfconnectingip(?:v6)?|xenvoyexternaladdress|(?:xoriginal)?forwardedfor|xoriginalhost|xhost|x(?:original|rewrite)url)$/
const CLAIMS = /^(?:forwarded|via|host|contentlength|transferencoding|xrequestid|xforwarded.*)$/
const TOO_LATE =
  /^(?:authorization|cache-control|content-(?:encoding|range|type)|cookie|expect|host|max-forwards|range|set-cookie|trailer|via|www-authenticate|x-request-id)$/

/** Whether a field may end here; `named` is the value of Connection. */
export function mayEnd(name: string, named: string): boolean {
  return ONE_CONNECTION.test(name) || isClaim(name) || listed(named, name)
}

/** The same for trailers, which also must not say what comes too late there. */
export function mayEndInTrailers(name: string, named: string): boolean {
  return mayEnd(name, named) || TOO_LATE.test(name)
}

/** What says, or poses as a field that says, on whose behalf a message is sent. */
function isClaim(name: string): boolean {
  const letters = name.replace(/[^a-z0-9]/g, '')
  if (/^x-forwarded(?:-|$)/.test(name) || name === 'forwarded' || TOLD.test(letters)) return true
  return /[^a-z0-9-]/.test(name) && CLAIMS.test(letters)
}

function listed(value: string, name: string): boolean {
  return (
    value !== '' &&
    value
      .toLowerCase()
      .split(/[\s,]+/)
      .includes(name)
  )
}
