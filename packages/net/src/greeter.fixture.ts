/** A process for tests: listens, tells its parent the port, and greets and closes every connection when told to. */
import type { Transport } from '@tercet/stream'
import { listen } from './listen.ts'

const accepted: Transport[] = []
const listener = await listen({ address: '127.0.0.1', port: 0 }, transport => {
  accepted.push(transport)
  transport.start({ chunk() {}, drained() {}, ended: () => transport.close(), closed() {} })
  transport.write('hello')
})
process.send!(listener.port)
process.on('message', () => {
  for (const transport of accepted.splice(0)) transport.destroy()
  process.send!('closed')
})
process.on('disconnect', () => process.exit())
