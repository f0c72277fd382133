/** Namespaces that framing itself knows (RFC 6120 §4.8, XEP-0114, RFC 7395 §3.3.2, XEP-0468 0.1.0). */

/** The content namespace in memory; readers translate their stream's own to it and writers leave it undeclared. */
export const CONTENT = 'jabber:client'

/** The namespace of `<stream/>`, `<features/>` and `<error/>`. */
export const STREAMS = 'http://etherx.jabber.org/streams'

/** The namespace of `<open/>` and `<close/>` on a WebSocket. */
export const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing'

/** The same on a WebSocket between servers (XEP-0468 §2). */
const FRAMING_SERVER = 'urn:ietf:params:xml:ns:xmpp-framing-server'

/** The namespace of `<open/>` and `<close/>` where stanzas are in `contentNs`. */
export function framingNs(contentNs: string): string {
  return contentNs === 'jabber:server' ? FRAMING_SERVER : FRAMING
}

export const XML_NS = 'http://www.w3.org/XML/1998/namespace'
export const XMLNS_NS = 'http://www.w3.org/2000/xmlns/'

/** True for the namespaces that are one thing in memory (RFC 6120 §4.8.3, XEP-0114 §3). */
export function isContentNs(ns: string): boolean {
  return (
    ns === CONTENT || ns === 'jabber:server' || ns === 'jabber:component:accept' || ns === 'jabber:component:connect'
  )
}
