/** Programs that people can chat with, by what they have in their hands. */

/** A kind of device, with what runs on it. */
export interface Platform {
  readonly name: string
  /** How browsers on it call themselves. */
  readonly agent: RegExp
  readonly apps: readonly { readonly name: string; readonly url: string }[]
}

const conversations = { name: 'Conversations', url: 'https://conversations.im/' }
const cheogram = { name: 'Cheogram', url: 'https://cheogram.com/' }
const monal = { name: 'Monal', url: 'https://monal-im.org/' }
const siskin = { name: 'Siskin', url: 'https://siskin.im/' }
const dino = { name: 'Dino', url: 'https://dino.im/' }
const gajim = { name: 'Gajim', url: 'https://gajim.org/' }
const beagle = { name: 'Beagle', url: 'https://beagle.im/' }

// Phones first: their browsers also name the system that theirs is made of.
const platforms: readonly Platform[] = [
  { name: 'Android', agent: /Android/i, apps: [conversations, cheogram] },
  { name: 'iPhone and iPad', agent: /iPhone|iPad|iPod/i, apps: [monal, siskin] },
  { name: 'Windows', agent: /Windows/i, apps: [gajim] },
  { name: 'macOS', agent: /Macintosh|Mac OS X/i, apps: [monal, beagle, gajim] },
  { name: 'Linux', agent: /Linux|X11/i, apps: [dino, gajim] },
]

/** All of them, the visitor's own first. */
export function platformsFor(userAgent: string): readonly Platform[] {
  const own = platforms.find(({ agent }) => agent.test(userAgent))
  return own ? [own, ...platforms.filter(platform => platform !== own)] : platforms
}
