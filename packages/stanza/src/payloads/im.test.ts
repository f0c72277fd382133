import { describe } from 'vitest'
import { golden, reads, refuses } from '../golden.fixture.ts'
import { body, bodyIn, priority, show, subject, thread } from './im.ts'

describe('RFC 6121 §5.2: bodies, subjects, threads', () => {
  golden(body, [
    ['body', '<body>Art thou not Romeo?</body>', 'Art thou not Romeo?'],
    ['empty body', '<body/>', ''],
    ['body with markup', '<body>&lt;b&gt; &amp; b</body>', '<b> & b'],
  ])
  golden(bodyIn, [['body in a language', "<body xml:lang='cs'>Romeo?</body>", { lang: 'cs', text: 'Romeo?' }]])
  golden(subject, [['subject', '<subject>I implore you!</subject>', 'I implore you!']])
  golden(thread, [
    ['thread', "<thread parent='7edac73'>0e3141cd</thread>", { parent: '7edac73', id: '0e3141cd' }],
    ['thread alone', '<thread>0e3141cd</thread>', { id: '0e3141cd' }],
  ])
  refuses(body, [['a body of another namespace', "<body xmlns='http://www.w3.org/1999/xhtml'/>", 'body', 'unexpected']])
})

describe('RFC 6121 §4.7.2: show and priority', () => {
  golden(show, [['show', '<show>dnd</show>', 'dnd']])
  golden(priority, [['priority', '<priority>-128</priority>', -128]])
  reads(priority, [['priority between white space', '<priority> 5 </priority>', 5]])
  refuses(show, [
    ['an unknown show', '<show>online</show>', 'show/text()', 'malformed'],
    ['an empty show', '<show/>', 'show/text()', 'malformed'],
  ])
  refuses(priority, [
    ['a priority out of range', '<priority>128</priority>', 'priority/text()', 'malformed'],
    ['an empty priority', '<priority/>', 'priority/text()', 'malformed'],
  ])
})
