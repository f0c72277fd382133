import { difference, parsePlay, readFragment } from '@tercet/testkit'

const play = parsePlay(`
play  A chat message reaches a friend
rule  RT-04, RFC 6121 §8.5.2.1.1
cast  romeo/orchard  juliet/balcony

juliet/balcony sends
  <message to='romeo@a.test' type='chat' id='m1'><body>Hist!</body></message>
romeo/orchard receives
  <message from='juliet@a.test/balcony' id='{id=any}'><body>Hist!</body></message>
`)

const expected = readFragment(play.steps[1]!.body.join(''))[0]!
const actual = readFragment(
  `<message id="m1" from="juliet@a.test/balcony"><body>Hist!</body><x xmlns="urn:x"/></message>`,
)[0]!
const captures = new Map<string, string>()
console.log(difference(expected, actual, { captures }) ?? 'the same') // the same
console.log(captures.get('id')) // m1
