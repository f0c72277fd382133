// Namespaces of RFC 6120 that belong to no payload file.

/** Stream headers, `<features/>` and stream errors (RFC 6120 §4.8.1). */
export const NS_STREAMS = 'http://etherx.jabber.org/streams'

/** Stream error conditions (RFC 6120 §4.9.2). */
export const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'

/** Stanza error conditions (RFC 6120 §8.3.2). */
export const NS_STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
