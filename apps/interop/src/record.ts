/** Placeholder until the relay is here. */

import type { ServerUnderTest } from './servers/server-under-test.ts'

export function recorded(server: ServerUnderTest, _client: string): Promise<ServerUnderTest> {
  return Promise.resolve(server)
}
