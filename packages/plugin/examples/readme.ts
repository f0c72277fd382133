import { Hooks, point } from '@tercet/plugin'

interface Visit {
  readonly name: string
  greeting: string
}

// A point names its event and its phases; the order of the phases is the order of running.
const visited = point<Visit>()('visited', ['guard', 'greet'])

const hooks = new Hooks()
hooks.on(visited, 'greet', visit => {
  visit.greeting = `Good morrow, ${visit.name}`
})
hooks.on(visited, 'guard', visit => (visit.name === 'Tybalt' ? 'drop' : undefined))

const visit = { name: 'Juliet', greeting: '' }
await hooks.chain(visited).run(visit)
console.log(visit.greeting) // Good morrow, Juliet
