/** How a node is configured (XEP-0060 1.30.0 §16.4.4), as values and as the form that speaks of them. */

import { StanzaError } from '@tercet/stanza'
import { valuesOf, type DataForm, type FormField } from '@tercet/stanza/data-form'
import { NODE_CONFIG, PUBLISH_OPTIONS } from '@tercet/stanza/pubsub'
import { refusal } from './refusal.ts'

/** Who may subscribe and retrieve (§4.5). */
export type AccessModel = 'authorize' | 'open' | 'presence' | 'roster' | 'whitelist'
/** A number, or as many as the service allows. */
export type Amount = number | 'max'

/** The configuration of a node. */
export interface NodeConfig {
  readonly accessModel: AccessModel
  readonly publishModel: 'open' | 'publishers' | 'subscribers'
  readonly persistItems: boolean
  readonly maxItems: Amount
  /** Seconds after which an item is gone; `max`: never. */
  readonly itemExpire: Amount
  readonly sendLast: 'never' | 'on_sub' | 'on_sub_and_presence'
  readonly deliverNotifications: boolean
  readonly deliverPayloads: boolean
  readonly notifyConfig: boolean
  readonly notifyDelete: boolean
  readonly notifyRetract: boolean
  readonly presenceBasedDelivery: boolean
  readonly notificationType: 'chat' | 'headline' | 'normal'
  /** Groups of the owner's roster, for the access model `roster`. */
  readonly groups: readonly string[]
  readonly title: string
  readonly description: string
  /** Namespace of the payloads. */
  readonly payloadType: string
}

/** How new nodes are, unless a service says otherwise. */
export const defaultConfig: NodeConfig = {
  accessModel: 'open',
  publishModel: 'publishers',
  persistItems: true,
  maxItems: 'max',
  itemExpire: 'max',
  sendLast: 'on_sub_and_presence',
  deliverNotifications: true,
  deliverPayloads: true,
  notifyConfig: false,
  notifyDelete: true,
  notifyRetract: true,
  presenceBasedDelivery: false,
  notificationType: 'headline',
  groups: [],
  title: '',
  description: '',
  payloadType: '',
}

/** One field of the form. */
interface Setting<T> {
  readonly type: FormField['type']
  readonly label: string
  readonly options?: readonly string[]
  read(values: readonly string[]): T | undefined
  write(value: T): readonly string[]
}

type Settings = { readonly [K in keyof NodeConfig]: Setting<NodeConfig[K]> & { readonly name: string } }

const MAX_TEXT = 1023

function choice<const T extends string>(name: string, label: string, ...options: readonly T[]) {
  const known: ReadonlyMap<string, T> = new Map(options.map(option => [option, option]))
  return {
    name,
    label,
    options,
    type: 'list-single' as const,
    read: ([value = '']: readonly string[]) => known.get(value),
    write: (value: T) => [value],
  }
}

function switched(name: string, label: string) {
  const words: ReadonlyMap<string, boolean> = new Map([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
  ])
  return {
    name,
    label,
    type: 'boolean' as const,
    read: ([value = '']: readonly string[]) => words.get(value.trim()),
    write: (value: boolean) => [value ? '1' : '0'],
  }
}

function amount(name: string, label: string) {
  return {
    name,
    label,
    type: 'text-single' as const,
    read: ([value = '']: readonly string[]): Amount | undefined => {
      if (value === 'max') return 'max'
      return /^[1-9]\d{0,14}$/.test(value) ? Number(value) : undefined
    },
    write: (value: Amount) => [String(value)],
  }
}

function line(name: string, label: string) {
  return {
    name,
    label,
    type: 'text-single' as const,
    read: ([value = '']: readonly string[]) => (value.length <= MAX_TEXT ? value : undefined),
    write: (value: string) => (value === '' ? [] : [value]),
  }
}

const settings: Settings = {
  accessModel: choice(
    'pubsub#access_model',
    'Who may subscribe and retrieve items',
    'authorize',
    'open',
    'presence',
    'roster',
    'whitelist',
  ),
  publishModel: choice('pubsub#publish_model', 'Who may publish', 'publishers', 'subscribers', 'open'),
  persistItems: switched('pubsub#persist_items', 'Keep items'),
  maxItems: amount('pubsub#max_items', 'Items that are kept, at most'),
  itemExpire: amount('pubsub#item_expire', 'Seconds after which an item is gone'),
  sendLast: choice(
    'pubsub#send_last_published_item',
    'When the last item is sent to who comes',
    'never',
    'on_sub',
    'on_sub_and_presence',
  ),
  deliverNotifications: switched('pubsub#deliver_notifications', 'Notify subscribers'),
  deliverPayloads: switched('pubsub#deliver_payloads', 'Send items with their payloads'),
  notifyConfig: switched('pubsub#notify_config', 'Notify subscribers of another configuration'),
  notifyDelete: switched('pubsub#notify_delete', 'Notify subscribers when the node is deleted'),
  notifyRetract: switched('pubsub#notify_retract', 'Notify subscribers when items are deleted'),
  presenceBasedDelivery: switched('pubsub#presence_based_delivery', 'Notify only who is available'),
  notificationType: choice('pubsub#notification_type', 'Type of notifications', 'headline', 'normal', 'chat'),
  groups: {
    name: 'pubsub#roster_groups_allowed',
    label: 'Roster groups that may subscribe',
    type: 'text-multi',
    read: values => (values.length <= 100 && values.every(value => value.length <= MAX_TEXT) ? values : undefined),
    write: values => values,
  },
  title: line('pubsub#title', 'A name for people'),
  description: line('pubsub#description', 'What it is about'),
  payloadType: line('pubsub#type', 'Namespace of the payloads'),
}

const keys = Object.keys(settings) as (keyof NodeConfig)[]
const keyOf: ReadonlyMap<string, keyof NodeConfig> = new Map(keys.map(key => [settings[key].name, key]))

/** The form of a configuration, to be filled in (§8.2.2). */
export function configForm(config: NodeConfig): DataForm {
  const fields: FormField[] = [
    { var: 'FORM_TYPE', type: 'hidden', required: false, values: [NODE_CONFIG], options: [] },
    ...keys.map(key => fieldOf(key, config)),
  ]
  return { type: 'form', instructions: [], fields, items: [] }
}

function fieldOf(key: keyof NodeConfig, config: NodeConfig): FormField {
  // The setting of a key writes the value of that key.
  const setting = settings[key] as Setting<unknown> & { readonly name: string }
  const { name, type, label, options = [] } = setting
  return {
    var: name,
    type,
    label,
    required: false,
    values: setting.write(config[key]),
    options: options.map(value => ({ value })),
  }
}

/** What a form changes, by its fields. */
export type ConfigChanges = Partial<NodeConfig>

/**
 * Reads what a form changes.
 *
 * @param kind `config`: fields that we do not know are left aside, as they were never offered (§8.2.4); `options`: they are refused (§7.1.5)
 * @throws {StanzaError} `bad-request`, `not-acceptable`: it is another form, or has a value that is none
 */
export function readChanges(form: DataForm | undefined, kind: 'config' | 'options'): ConfigChanges {
  if (!form || form.type === 'cancel') return {}
  const [type] = valuesOf(form, 'FORM_TYPE')
  const wanted = kind === 'config' ? NODE_CONFIG : PUBLISH_OPTIONS
  // COMPAT(slixmpp, Gajim: options without a form type): there is only one form that could stand here.
  if (form.type !== 'submit' || (type !== undefined && type !== wanted))
    throw new StanzaError('bad-request', { text: `A form of ${wanted} is expected` })
  const changes: Partial<Record<keyof NodeConfig, unknown>> = {}
  for (const { var: name = '', values } of form.fields) {
    if (name === 'FORM_TYPE') continue
    const key = keyOf.get(name)
    if (key === undefined) {
      if (kind === 'config') continue
      throw new StanzaError('bad-request', {
        text: `The option ${name} is not known`,
        application: refusal('precondition-not-met'),
      })
    }
    const value: unknown = settings[key].read(values)
    if (value === undefined) {
      const application = key === 'accessModel' ? refusal('unsupported-access-model') : undefined
      throw new StanzaError('not-acceptable', { text: `${name} cannot be ${values[0] ?? 'empty'}`, application })
    }
    changes[key] = value
  }
  // Each value came from the setting of its key.
  return changes as ConfigChanges
}

/** Whether a configuration is what a publisher relies on (§7.1.5). */
export function meets(config: NodeConfig, options: ConfigChanges): boolean {
  return keys.every(key => options[key] === undefined || JSON.stringify(options[key]) === JSON.stringify(config[key]))
}
