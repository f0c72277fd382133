import { Jid } from '@tercet/jid'
import { message, writeStanza } from '@tercet/stanza'
import { FlushList, memoryPair, Stream, TimerWheel } from '@tercet/stream'

// What all streams of a process share.
const wheel = new TimerWheel()
const around = { flushList: new FlushList(), wheel, maxUnwritten: 1_000_000, closeMs: 5_000, gone: () => {} }

const [one, other] = memoryPair()
const { promise: over, resolve, reject } = Promise.withResolvers<void>()

// The receiver: answers the header with its own, and the closing tag by itself.
const receiver = new Stream(
  other,
  {
    event(event) {
      if (event.kind === 'open') {
        console.log('a stream to', event.header.attr('to')) // a stream to capulet.example
        receiver.sendHeader('s1', ['from', 'capulet.example', 'version', '1.0'])
      }
      if (event.kind === 'element') {
        console.log(event.element.name, 'to', event.element.attr('to')) // message to juliet@capulet.example
      }
    },
    closed: () => {},
    failed: reject,
  },
  around,
)
receiver.start()

// The initiator.
const initiator = new Stream(one, { event: () => {}, closed: () => resolve(), failed: reject }, around)
initiator.start()
initiator.sendHeader('', ['to', 'capulet.example', 'version', '1.0'])
initiator.send(writeStanza(message({ to: Jid.parse('juliet@capulet.example'), body: 'Hist!' })))
initiator.close()
await over
wheel[Symbol.dispose]()
