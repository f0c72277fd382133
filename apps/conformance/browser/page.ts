/** What a page takes of the packages; it is bundled as users do, from what is built. */
export { createClient, incoming, websocket } from '@tercet/client'
export { disco, ping, presence, roster } from '@tercet/client/plugins'
export { message } from '@tercet/stanza'
export { body } from '@tercet/stanza/im'
export { Jid } from '@tercet/jid'
