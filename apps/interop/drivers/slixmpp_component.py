"""An echo bot that is an external component, and a user who talks to it, both with slixmpp (XEP-0114, XEP-0092, XEP-0030, XEP-0199).

Reads one line of JSON (host, port, componentPort, component, secret, caFile, the account), prints a line for each thing that went as it
has to, and ends with an error for the first that did not.
"""

import asyncio
import json
import sys

from slixmpp_person import PATIENCE, Person, done, within

from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.exceptions import IqError


class Echo(ComponentXMPP):
    def __init__(self, login, secret, plugins=("0030", "0092", "0199")):
        super().__init__(login["component"], secret, login["host"], login["componentPort"])
        for plugin in plugins:
            self.register_plugin("xep_" + plugin)
        if "0030" in plugins:
            self["xep_0030"].add_identity(category="client", itype="bot", name="Echo")
        if "0092" in plugins:
            self["xep_0092"].software_name = "Echo"
            self["xep_0092"].version = "1.0"
        self.online, self.gone = asyncio.Event(), asyncio.Event()
        self.errors = []
        self.add_event_handler("session_start", lambda _event: self.online.set())
        self.add_event_handler("disconnected", lambda _event: self.gone.set())
        self.add_event_handler("stream_error", lambda error: self.errors.append(error["condition"]))
        self.add_event_handler("message", self.echo)
        self.add_event_handler("presence_subscribe", self.subscribed)
        self.connect()

    def connect(self, *args, **kwargs):
        # Who is refused does not try again by itself here.
        if not self.gone.is_set():
            super().connect(*args, **kwargs)

    def echo(self, message):
        if message["type"] in ("chat", "normal"):
            message.reply(message["body"]).send()

    def subscribed(self, presence):
        bot, user = presence["to"].bare, presence["from"].bare
        self.send_presence(pto=user, pfrom=bot, ptype="subscribed")
        self.send_presence(pto=user, pfrom=bot + "/bot", pshow="chat", pstatus="I echo")


async def main():
    login = json.loads(sys.stdin.readline())
    component, domain = login["component"], login["romeo"]["jid"].split("@")[1]
    plugins, events = ("0030", "0092", "0198", "0199"), ("message", "message_error", "changed_status")
    romeo = Person(login, login["romeo"], "orchard", plugins, events)
    await within(romeo.online)
    bot = "echo@" + component

    stranger = Echo(login, "not the secret")
    await within(stranger.gone)
    assert not stranger.online.is_set() and stranger.errors == ["not-authorized"], stranger.errors
    done("a wrong secret is refused")

    romeo.send_message(mto=bot, mbody="too early", mtype="chat")
    error = await romeo.next("message_error", bot)
    assert error["error"]["condition"] == "service-unavailable", error
    done("a component that is away is unavailable")

    echo = Echo(login, login["secret"])
    await within(echo.online)
    done("a component is in")

    for words in ("Hist!", "a < b & c > d", "Ж — €"):
        romeo.send_message(mto=bot, mbody=words, mtype="chat")
        answer = await romeo.next("message", bot)
        assert answer["body"] == words and answer["to"] == romeo.boundjid.full, answer
    done("what is said to it comes back")

    romeo.send_presence(pto=bot, ptype="subscribe")
    presence = await romeo.next("changed_status", bot)
    assert presence["show"] == "chat" and presence["status"] == "I echo", presence
    for _ in range(PATIENCE * 10):
        if romeo.client_roster[bot]["subscription"] == "to":
            break
        await asyncio.sleep(0.1)
    assert romeo.client_roster[bot]["subscription"] == "to", romeo.client_roster[bot]
    done("its presence can be subscribed to")

    version = (await romeo["xep_0092"].get_version(component, timeout=PATIENCE))["software_version"]
    assert (version["name"], version["version"]) == ("Echo", "1.0"), version
    info = (await romeo["xep_0030"].get_info(jid=component, timeout=PATIENCE))["disco_info"]
    assert ("client", "bot", None, "Echo") in info["identities"], info
    items = (await romeo["xep_0030"].get_items(jid=domain, timeout=PATIENCE))["disco_items"]["items"]
    assert component in [jid for jid, _node, _name in items], items
    done("it says what it is, and is found on its host")

    await echo["xep_0199"].send_ping(domain, ifrom=component, timeout=PATIENCE)
    version = (await echo["xep_0092"].get_version(domain, ifrom=component, timeout=PATIENCE))["software_version"]
    assert version["name"] == "Tercet", version
    try:
        iq = echo.make_iq_get(ito="nobody@" + domain, ifrom=component, queryxmlns="urn:example:nothing")
        await iq.send(timeout=PATIENCE)
        raise AssertionError("nobody answered")
    except IqError as refusal:
        # COMPAT(slixmpp 1.8.3): it looks for errors in jabber:client, and where it finds none it adds one.
        unavailable = "{jabber:component:accept}error/{urn:ietf:params:xml:ns:xmpp-stanzas}service-unavailable"
        assert refusal.iq.xml.find(unavailable) is not None, refusal
    done("it asks the server")

    second = Echo(login, login["secret"])
    await within(second.gone)
    assert not second.online.is_set() and second.errors == ["conflict"], second.errors
    romeo.send_message(mto=bot, mbody="still there?", mtype="chat")
    assert (await romeo.next("message", bot))["body"] == "still there?"
    done("a second one is refused, and the first stays")

    await echo.disconnect(wait=2.0)
    await within(echo.gone)
    romeo.send_message(mto=bot, mbody="too late", mtype="chat")
    assert (await romeo.next("message_error", bot))["error"]["condition"] == "service-unavailable"
    # One that knows no pings.
    bare = Echo(login, login["secret"], plugins=())
    await within(bare.online)
    for number in range(20):
        romeo.send_message(mto=bot, mbody=str(number), mtype="chat")
    for number in range(20):
        assert (await romeo.next("message", bot))["body"] == str(number)
    done("it leaves and comes back")

    await bare.disconnect(wait=2.0)
    await romeo.disconnect(wait=2.0)


asyncio.get_event_loop().run_until_complete(asyncio.wait_for(main(), 60))
