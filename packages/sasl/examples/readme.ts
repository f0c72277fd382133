import { clientMechanism, deriveScramKeys, SALT_BYTES, serverMechanism, type Credentials } from '@tercet/sasl'

// The server keeps keys, not the password.
const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
const keys = await deriveScramKeys('r0m30myr0m30', 'SHA-256', salt, 10_000)
const credentials: Credentials = {
  scramKeys: username => (username === 'juliet' ? keys : undefined),
  verifyPassword: () => false,
  fakeSaltSecret: crypto.getRandomValues(new Uint8Array(32)),
  iterations: 10_000,
}
const offeredMechanisms = ['SCRAM-SHA-256']

const server = serverMechanism('SCRAM-SHA-256', {
  credentials,
  channelBindings: [],
  plusOffered: false,
  offeredMechanisms,
  allowAuthzid: (username, authzid) => authzid === `${username}@capulet.example`,
})!
const client = clientMechanism('SCRAM-SHA-256', {
  offered: offeredMechanisms,
  credentials: { username: 'juliet', password: 'r0m30myr0m30' },
  secure: true,
})

let step = await server.respond(await client.initial())
while (step.kind === 'challenge') step = await server.respond(await client.challenge(step.data))
if (step.kind === 'failure') throw new Error(step.condition)
// Only now does the client know that the server had the keys: this throws when it had not.
await client.success(step.data)

export const loggedIn = step.username
