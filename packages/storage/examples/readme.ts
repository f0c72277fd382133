import { createIdSource } from '@tercet/storage'
import { memoryStorage } from '@tercet/storage/memory'

const newId = createIdSource()
const storage = memoryStorage()
const roster = storage.table<{ name: string }>('roster')
const archive = storage.log('archive')

// Everything that one stanza causes is one unit: it becomes durable as a whole or not at all.
const unit = storage.unit()
roster.put(unit, 'a.test', 'romeo', 'juliet@b.test', { name: 'Juliet' }, { expect: 0 })
archive.append(unit, 'a.test', 'romeo', { id: newId(), at: Date.now(), peer: 'juliet@b.test', body: '<message/>' })
await unit.commit()

const contact = await roster.get('a.test', 'romeo', 'juliet@b.test')
console.log(contact?.value.name, contact?.version) // Juliet 1
const page = await archive.page('a.test', 'romeo', { max: 10, last: true })
console.log(page.entries.length, page.complete) // 1 true
await storage.close()
