"""Many slixmpp clients in one process: JSON lines in, JSON lines out (src/federation/clients.ts tells the protocol)."""

import asyncio
import json
import ssl
import sys

try:
    import slixmpp
    from slixmpp.xmlstream.handler import Callback
    from slixmpp.xmlstream.matcher.base import MatcherBase
except ImportError as error:
    sys.exit(f"slixmpp is missing: install the Debian package python3-slixmpp ({error})")

DELAY = "{urn:xmpp:delay}delay"
MUC_USER = "{http://jabber.org/protocol/muc#user}"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"


def emit(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Any(MatcherBase):
    def match(self, stanza):
        return True


class Client(slixmpp.ClientXMPP):
    """One account; it answers nothing by itself but pings, and tells every message and presence as it is."""

    def __init__(self, login):
        super().__init__(login["jid"], login["password"])
        self.session = login["session"]
        self.auto_authorize = None
        self.auto_subscribe = False
        # The way between the servers is what is tested, not the way to them.
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.register_plugin("xep_0199")
        # Acknowledgements are what a server promises by (XEP-0198); no stream is resumed here.
        self.register_plugin("xep_0198", {"allow_resume": False, "window": 10})
        self.ready = asyncio.get_running_loop().create_future()
        self.managed = asyncio.get_running_loop().create_future()
        self.promises = 0
        self.add_event_handler("session_start", self.on_session)
        self.add_event_handler("sm_enabled", lambda e: self.managed.done() or self.managed.set_result(None))
        self.add_event_handler("stanza_acked", self.on_acked)
        self.add_event_handler("failed_all_auth", lambda e: self.fail("not authorised"))
        self.add_event_handler("connection_failed", lambda e: self.fail(f"connection failed: {e}"))
        self.add_event_handler("disconnected", lambda e: self.fail(f"disconnected: {e}"))
        self.register_handler(Callback("everything", Any(None), self.on_stanza))

    async def _pick_dns_answer(self, domain, service=None):
        return None

    def fail(self, reason):
        if not self.ready.done():
            self.ready.set_exception(RuntimeError(reason))
        emit(session=self.session, event="closed", reason=reason)

    async def on_session(self, _event):
        # Only who asked for the roster is told of subscriptions (RFC 6121 §2.1.6).
        await self.get_roster()
        await self.managed
        self.say("<presence/>")
        if not self.ready.done():
            self.ready.set_result(None)

    def say(self, text):
        """Sends text as it is. slixmpp counts stanzas alone; what it has not counted would count as acknowledged."""
        sm = self["xep_0198"]
        sm.seq += 1
        sm.unacked_queue.append((sm.seq, text))
        self.send_raw(text)

    def on_acked(self, stanza):
        if isinstance(stanza, str) and stanza.startswith("<message"):
            self.promises += 1

    def on_stanza(self, stanza):
        xml = stanza.xml
        name = xml.tag.split("}")[-1]
        if name not in ("message", "presence") and not (name == "iq" and xml.get("type") == "error"):
            return
        text = lambda child: next((c.text or "" for c in xml if c.tag.split("}")[-1] == child), None)
        error = next((c for c in xml if c.tag.split("}")[-1] == "error"), None)
        condition = None
        if error is not None:
            condition = next((c.tag[len(STANZAS):] for c in error if c.tag.startswith(STANZAS)), None)
        emit(
            session=self.session,
            event=name,
            type=xml.get("type"),
            **{"from": xml.get("from"), "id": xml.get("id")},
            body=text("body"),
            show=text("show"),
            condition=condition,
            delayed=any(c.tag == DELAY for c in xml),
            statuses=[s.get("code") for s in xml.iter(MUC_USER + "status")],
        )


async def main():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    clients = {}

    async def obey(command):
        do, session = command["do"], command["session"]
        if do == "login":
            client = Client(command)
            client.loop = loop
            clients[session] = client
            client.connect((command["address"], 5222), force_starttls=True)
            await asyncio.wait_for(client.ready, 20)
        elif do == "send":
            for stanza in command["stanzas"]:
                clients[session].say(stanza)
        elif do == "settle":
            try:
                await clients[session]["xep_0199"].send_ping(clients[session].boundjid.domain, timeout=20)
            except slixmpp.exceptions.IqError:
                pass
        elif do == "promised":
            client = clients[session]
            sm = client["xep_0198"]
            # A stream that has ended promises nothing more.
            count = command.get("messages")
            while sm.enabled_out and (sm.unacked_queue if count is None else client.promises < count):
                sm.request_ack()
                await asyncio.sleep(0.01)
            return client.promises
        elif do == "logout":
            await clients.pop(session).disconnect(wait=2.0)
        else:
            raise ValueError(f"unknown command {do}")

    async def answer(command):
        try:
            emit(event="done", id=command["id"], value=await obey(command))
        except Exception as error:
            emit(event="refused", id=command["id"], reason=repr(error))

    # Sessions run side by side. What is asked of one is done in that order, but for waiting.
    last = {}
    tasks = set()

    async def after(before, command):
        if before:
            await asyncio.wait([before])
        await answer(command)

    while line := await reader.readline():
        command = json.loads(line)
        session = command["session"]
        waits = command["do"] == "promised"
        task = loop.create_task(after(None if waits else last.get(session), command))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if not waits:
            last[session] = task
    for client in clients.values():
        client.abort()


asyncio.run(main())
