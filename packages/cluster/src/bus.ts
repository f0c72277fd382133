/** Words between nodes: in order for each pair, at most once. What must not be lost is in the spool. */

/** Takes a word that another node sent here. */
export type Receiver = (word: string, from: string) => void

/** Sends words, and receives them. */
export interface Bus {
  /** Resolves to nothing: a word to a node that is gone is lost. Words of one turn of the loop travel together. */
  send(node: string, word: string): void
  /** There is one receiver for each topic; a word's topic is the text up to its first space. Dispose to stop. */
  receive(topic: string, run: Receiver): Disposable
}
