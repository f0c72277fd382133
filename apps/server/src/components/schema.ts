/** The shape of `[[component]]`: programs that serve a domain of their own through this server. */

import { z } from 'zod'
import { defaultDomain } from '../defaults.ts'
import { domain } from '../schema-domain.ts'
import { table, text } from '../schema-words.ts'

interface Named {
  readonly name: string
}

/** `[[component]]`. */
export const components = z
  .array(table({ name: domain, secret: text('the secret that the component knows as well') }), {
    error: 'tables written as [[component]]',
  })
  .default([])
  .superRefine((given, context) => {
    for (const [index, { name }] of given.entries())
      if (given.findIndex(other => other.name === name) < index)
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'each component once', input: name })
  })

/** A domain is a host or a component, and not both. */
export function refuseServed(
  { host, component }: { readonly host?: readonly Named[] | undefined; readonly component: readonly Named[] },
  context: z.RefinementCtx,
): void {
  const served = host?.map(({ name }) => name) ?? [defaultDomain]
  for (const [index, { name }] of component.entries())
    if (served.includes(name))
      context.addIssue({
        code: 'custom',
        path: ['component', index, 'name'],
        message: 'a domain that is no [[host]]',
        input: name,
      })
}
