"""slixmpp as a child process: JSON lines in, JSON lines out (src/clients/driver.ts tells the protocol)."""

import asyncio
import json
import os
import sys

try:
    import slixmpp
except ImportError:
    sys.exit("slixmpp is missing: install the Debian package python3-slixmpp")

from pathlib import Path


def emit(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Driver(slixmpp.ClientXMPP):
    def __init__(self, login):
        super().__init__(f"{login['jid']}/{login['resource']}", login["password"], sasl_mech=login["mechanism"])
        self.ca_certs = Path(login["caFile"])
        self.auto_authorize = None
        self.auto_subscribe = False
        self.failures = []
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0199")
        self.register_plugin("xep_0203")
        for name, handler in {
            "session_start": self.on_session,
            "message": self.on_message,
            **{
                f"presence_{show}": self.on_presence
                for show in ("available", "away", "chat", "dnd", "xa", "unavailable")
            },
            "presence_subscribe": lambda p: emit(event="request", jid=p["from"].bare),
            "roster_update": self.on_roster,
            # Every mechanism in turn may fail; only the last failure is the answer.
            "failed_auth": self.on_failure,
            "failed_all_auth": lambda e: self.fail(f"not authorised: {', '.join(self.failures)}"),
            "ssl_invalid_chain": lambda e: self.fail(f"certificate refused: {e}"),
            "connection_failed": lambda e: self.fail(f"connection failed: {e}"),
            "disconnected": lambda e: emit(event="closed", reason=f"{e} {', '.join(self.failures)}"),
        }.items():
            self.add_event_handler(name, handler)

    async def _pick_dns_answer(self, domain, service=None):
        # No look-up: the test's domain is in no DNS, and the address was given to connect().
        return None

    def fail(self, reason):
        emit(event="failed", reason=reason)
        self.abort()

    async def on_session(self, _event):
        await self.get_roster()
        self.send_presence()
        tls = self.socket.version() if hasattr(self.socket, "version") else None
        emit(event="ready", jid=self.boundjid.full, tls=tls)

    def on_failure(self, failure):
        self.failures.append(f"{self['feature_mechanisms'].mech.name} {failure['condition']}")

    def on_message(self, message):
        if message["type"] == "error":
            emit(event="error", jid=message["from"].full, condition=message["error"]["condition"])
        elif message["body"]:
            stamp = message["delay"]["stamp"]
            emit(event="message", jid=message["from"].full, body=message["body"], delayed=bool(stamp))

    def on_presence(self, presence):
        # slixmpp gives the show as the type where there is one.
        emit(event="presence", jid=presence["from"].full, show=presence["type"], status=presence["status"])

    def on_roster(self, iq):
        for jid, item in iq["roster"]["items"].items():
            emit(event="roster", jid=jid.bare, subscription=item["subscription"])

    async def obey(self, command):
        do, jid = command["do"], command.get("jid")
        if do == "subscribe":
            await self.update_roster(jid, name="", groups=[], timeout=10)
            self.send_presence(pto=jid, ptype="subscribe")
        elif do == "approve":
            self.send_presence(pto=jid, ptype="subscribed")
        elif do == "presence":
            self.send_presence(pshow=command["show"] or None, pstatus=command["status"])
        elif do == "say":
            self.send_message(mto=jid, mbody=command["body"], mtype="chat")
        elif do == "settle":
            try:
                await self["xep_0199"].send_ping(self.boundjid.domain, timeout=10)
            except slixmpp.exceptions.IqError:
                # An error is an answer, too: the server has come so far in our stream.
                pass
        elif do == "logout":
            await self.disconnect(wait=2.0)
        else:
            raise ValueError(f"unknown command {do}")


async def main():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    login = json.loads(await reader.readline())
    driver = Driver(login)
    driver.loop = loop
    direct = login["door"] == "direct tls"
    driver.connect((login["host"], login["port"]), use_ssl=direct, force_starttls=not direct)
    while line := await reader.readline():
        command = json.loads(line)
        try:
            await driver.obey(command)
            emit(event="done", id=command["id"])
        except Exception as error:
            emit(event="refused", id=command["id"], reason=repr(error))
    # Our parent closed the pipe or died.
    driver.abort()


asyncio.run(main())
