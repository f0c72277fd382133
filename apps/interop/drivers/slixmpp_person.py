"""What the drivers that play whole scenes with slixmpp share: a client of somebody, who hears things."""

import asyncio
import sys
from pathlib import Path

try:
    import slixmpp
except ImportError:
    sys.exit("slixmpp is missing: install the Debian package python3-slixmpp")

PATIENCE = 15


class Person(slixmpp.ClientXMPP):
    """Logs in and comes online; what its events bring is heard in order."""

    def __init__(self, login, account, resource, plugins, events):
        super().__init__(account["jid"] + "/" + resource, account["password"])
        self.ca_certs = Path(login["caFile"])
        for plugin in plugins:
            self.register_plugin("xep_" + plugin)
        self.heard = asyncio.Queue()
        for name in events:
            self.add_event_handler(name, lambda stanza, name=name: self.heard.put_nowait((name, stanza)))
        self.online = asyncio.Event()
        self.add_event_handler("session_start", self.start)
        self.connect((login["host"], login["port"]))

    async def _pick_dns_answer(self, domain, service=None):
        return None

    async def start(self, _event):
        await self.get_roster()
        self.send_presence()
        # Presence before this answer has been handled by now (RFC 6120 §10.1).
        await self["xep_0199"].send_ping(self.boundjid.domain, timeout=PATIENCE)
        self.online.set()

    async def next(self, wanted, sender=None):
        while True:
            name, stanza = await asyncio.wait_for(self.heard.get(), PATIENCE)
            if name == wanted and sender in (None, stanza["from"].bare):
                return stanza

    def say(self, to, body):
        self.send_message(mto=to, mbody=body, mtype="chat")


def done(what):
    print(what, flush=True)


async def within(*events):
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in events)), PATIENCE)
