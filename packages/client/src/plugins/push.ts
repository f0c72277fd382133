/** Push notifications (XEP-0357 0.4.1): whom our server tells that something waits, and how an app that listens over the web registers for it. */

import { Jid } from '@tercet/jid'
import { DecodeError } from '@tercet/stanza'
import { command, type CommandResult } from '@tercet/stanza/command'
import { makeForm, valueOf, type DataForm } from '@tercet/stanza/data-form'
import * as wire from '@tercet/stanza/push'
import type { Abortable, Client } from '../client.ts'
import { definePlugin } from '../plugin.ts'

/** A node of a push service, and what the service wants to see with each notification. */
export interface PushTarget {
  readonly jid: Jid | string
  readonly node?: string
  /** Publish options, such as `{ secret: … }` (§5). */
  readonly options?: Readonly<Record<string, string>>
}

/** A subscription of a browser's `PushManager`, as its `toJSON` gives it, or of a UnifiedPush distributor. */
export interface WebSubscription {
  readonly endpoint?: string | undefined
  readonly keys?: Readonly<Record<string, string>> | undefined
}

/** How to register. */
export interface RegisterOptions extends Abortable {
  /** The push service. Default: our server. */
  readonly service?: Jid | string
  /** What tells this device from the account's others: with the same it registers anew. Default: none. */
  readonly device?: string
}

/** What the push plugin offers. */
export interface Push {
  /** Has our server tell a node, until it is disabled or its service refuses. Say it on each new session: it names the device that hears by itself. */
  enable(target: PushTarget, options?: Abortable): Promise<void>
  /** Ends that, for one node or for all of a service (§6). */
  disable(target: Pick<PushTarget, 'jid' | 'node'>, options?: Abortable): Promise<void>
  /** What to subscribe with: `applicationServerKey`, base64url (RFC 8292 §3.2). @throws {StanzaError} it is no push service for the web */
  webKey(options?: RegisterOptions): Promise<string>
  /** Registers a subscription; {@link enable} what it gives. @throws {StanzaError} the subscription is not acceptable */
  registerWeb(subscription: WebSubscription, options?: RegisterOptions): Promise<PushTarget>
  /** Ends a registration. @throws {StanzaError} `item-not-found` */
  unregister(target: Pick<PushTarget, 'jid' | 'node'>, options?: Abortable): Promise<void>
}

const PUBLISH_OPTIONS = 'http://jabber.org/protocol/pubsub#publish-options'
const REGISTER = 'register-push-web'

/** Enables nodes, and registers with push services that have the command `register-push-web`. */
export const push = definePlugin({
  name: 'push',
  specs: { 'XEP-0357': '0.4.1' },
  setup(client): Push {
    return {
      enable: ({ jid, node, options }, { signal } = {}) =>
        client.request(
          wire.enable,
          {
            jid: parsed(jid),
            ...(node === undefined ? {} : { node }),
            ...(options ? { options: makeForm('submit', PUBLISH_OPTIONS, options) } : {}),
          },
          { signal },
        ),
      disable: ({ jid, node }, { signal } = {}) =>
        client.request(wire.disable, { jid: parsed(jid), ...(node === undefined ? {} : { node }) }, { signal }),
      async webKey(options = {}) {
        const { form, sessionId } = await run(client, REGISTER, undefined, options)
        const key = form && valueOf(form, 'vapid-key')
        // The form was all that was wanted; a service forgets it by itself, too.
        client
          .request(command, { node: REGISTER, sessionId, action: 'cancel' }, to(client, options))
          .catch(() => undefined)
        return key ?? missing('vapid-key')
      },
      async registerWeb({ endpoint = '', keys: { p256dh = '', auth = '' } = {} }, options = {}) {
        const values = {
          endpoint,
          p256dh,
          auth,
          ...(options.device === undefined ? {} : { 'device-id': options.device }),
        }
        const { form } = await run(client, REGISTER, makeForm('submit', undefined, values), options)
        const [jid, node, secret] = ['jid', 'node', 'secret'].map(name => form && valueOf(form, name))
        if (jid === undefined || node === undefined) return missing('node')
        return { jid, node, ...(secret === undefined ? {} : { options: { secret } }) }
      },
      async unregister({ jid, node = '' }, { signal } = {}) {
        await run(client, 'unregister-push', makeForm('submit', undefined, { node }), { service: jid, signal })
      },
    }
  },
})

/** One request: who knows the form sends it filled in. */
function run(
  client: Client,
  node: string,
  form: DataForm | undefined,
  options: RegisterOptions,
): Promise<CommandResult> {
  return client.request(command, { node, action: 'execute', ...(form ? { form } : {}) }, to(client, options))
}

function to(client: Client, { service = client.account.domain, signal }: RegisterOptions) {
  return { to: service, signal }
}

function parsed(jid: Jid | string): Jid {
  return typeof jid === 'string' ? Jid.parse(jid) : jid
}

function missing(name: string): never {
  throw new DecodeError(`field ${name}`, 'missing', 'a value')
}
