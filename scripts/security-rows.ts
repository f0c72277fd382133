/** Faults that other servers had to mend (ejabberd 26.07 and others), and the tests that would find them here. */

/** One fault. */
export interface Fault {
  readonly fault: string
  /** Test files or plays, from the root of the repository, and words of the test's title. */
  readonly shown: readonly (readonly [file: string, title: string])[]
  /** Why there is nothing to be shown. */
  readonly none?: string
}

const plays = 'apps/conformance/plays'
const server = 'packages/server/src'

/** Every one of them. */
export const faults: readonly Fault[] = [
  {
    fault: 'PLAIN authenticates one user and opens the session of another',
    shown: [
      [`${plays}/rfc6120/session-is-of-the-login.play`, 'SEC-01'],
      [`${plays}/rfc6120/foreign-authzid.play`, 'One may not ask to act as another'],
    ],
  },
  {
    fault: 'Answers about capabilities poison what others are believed to be able to do',
    shown: [
      [`${plays}/xep-0115/poison.play`, 'PRS-09'],
      [`${server}/modules/caps/learn.test.ts`, 'nobody is poisoned'],
    ],
  },
  {
    fault: 'SQL is injected by paging of pubsub or of archives',
    shown: [
      [`${plays}/xep-0060/paging.play`, 'SEC-03'],
      [`${plays}/xep-0313/hostile-ids.play`, 'SEC-03'],
    ],
  },
  { fault: 'A REST API uses up what is never given back', shown: [], none: 'There is no REST API.' },
  { fault: 'OAuth redirects to wherever a link says', shown: [], none: 'No page of the server redirects.' },
  {
    fault: 'Tokens of BOSH, FAST, uploads and invitations can be foreseen',
    shown: [
      [`${server}/token.test.ts`, 'whatever lets somebody in has 128 bits or more'],
      ['packages/net/src/bosh/bosh.test.ts', 'toHaveLength(24)'],
    ],
  },
  {
    fault: 'Uploaded files run in the browser of whoever looks at them',
    shown: [
      [`${server}/modules/upload/served.test.ts`, 'SEC-04'],
      ['apps/server/src/upload.test.ts', 'nosniff'],
    ],
  },
  {
    fault: 'A page of somebody else sends the forms of the server',
    shown: [['apps/server/src/http.test.ts', 'a form without proof that it is ours makes nothing']],
  },
  {
    fault: 'Registration over the web goes around what guards it',
    shown: [
      ['apps/server/src/http.test.ts', "name: 'carol' })).status).toBe(410)"],
      [`${server}/modules/invitations.test.ts`, 'where registration is closed, a token lets one register, once'],
    ],
  },
  {
    fault: 'A page shows what somebody has typed as if it were its own',
    shown: [['apps/server/src/invite/page.test.ts', 'what was typed stays text']],
  },
  {
    fault: 'The time of a comparison tells how much of a password was right',
    shown: [['packages/sasl/src/base64.test.ts', 'constantTimeEqual']],
  },
  {
    fault: 'Clients are asked for certificates that nobody wants',
    shown: [['packages/net/src/tls.test.ts', 'no certificate was asked for']],
  },
]
