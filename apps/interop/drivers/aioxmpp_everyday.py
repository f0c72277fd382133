"""What a person with two devices does all day, with aioxmpp: history, carbons, nodes, blocking, files.

Reads one line of JSON (host, port, the accounts), prints a line for each thing that went as it has to, and ends with an error for the
first that did not. Whom it trusts is SSL_CERT_FILE.
"""

import asyncio
import json
import sys

try:
    import aioxmpp
except ImportError:
    sys.exit("aioxmpp is missing: install the Debian package python3-aioxmpp")

import aioxmpp.dispatcher
import aioxmpp.xso as xso
from aioxmpp.forms import Data, DataType, Field, FieldType
from aioxmpp.misc import Forwarded, StanzaID
from aioxmpp.rsm.xso import After, Before, ResultSetMetadata

import web_files

PATIENCE = 15
MAM = "urn:xmpp:mam:2"
NODE = "urn:example:mood"


# aioxmpp has no archives, and the means to say what they are.
class Result(xso.XSO):
    TAG = (MAM, "result")
    id_ = xso.Attr("id")
    queryid = xso.Attr("queryid", default=None)
    forwarded = xso.Child([Forwarded])


@aioxmpp.IQ.as_payload_class
class Query(xso.XSO):
    TAG = (MAM, "query")
    queryid = xso.Attr("queryid", default=None)
    form = xso.Child([Data])
    rsm = xso.Child([ResultSetMetadata])


@aioxmpp.IQ.as_payload_class
class Fin(xso.XSO):
    TAG = (MAM, "fin")
    complete = xso.Attr("complete", type_=xso.Bool(), default=False)
    stable = xso.Attr("stable", type_=xso.Bool(), default=True)
    rsm = xso.Child([ResultSetMetadata])


@aioxmpp.pubsub.xso.as_payload_class
class Mood(xso.XSO):
    TAG = (NODE, "mood")
    text = xso.Text(default=None)


aioxmpp.Message.xep0313_result = xso.Child([Result])


class Device:
    def __init__(self, login, account, resource):
        self.jid = aioxmpp.JID.fromstr(account["jid"]).replace(resource=resource)
        self.client = aioxmpp.PresenceManagedClient(
            self.jid,
            aioxmpp.make_security_layer(account["password"]),
            override_peer=[(login["host"], login["port"], aioxmpp.connector.STARTTLSConnector())],
            max_initial_attempts=1,
        )
        self.heard = asyncio.Queue()
        self.results = []
        dispatcher = self.client.summon(aioxmpp.dispatcher.SimpleMessageDispatcher)
        dispatcher.register_callback(None, None, self.hear)
        self.caps = self.client.summon(aioxmpp.EntityCapsService)
        self.carbons = self.client.summon(aioxmpp.CarbonsClient)
        self.blocking = self.client.summon(aioxmpp.BlockingClient)
        self.pep = self.client.summon(aioxmpp.PEPClient)
        self.pubsub = self.client.summon(aioxmpp.PubSubClient)
        self.disco = self.client.summon(aioxmpp.DiscoClient)
        self.presence = self.client.summon(aioxmpp.PresenceClient)
        self.roster = self.client.summon(aioxmpp.RosterClient)
        self.blocking.on_jids_blocked.connect(lambda jids: self.heard.put_nowait(("blocked", jids)))
        self.blocking.on_jids_unblocked.connect(lambda jids: self.heard.put_nowait(("unblocked", jids)))

    def hear(self, message):
        if message.xep0313_result is not None:
            self.results.append(message.xep0313_result)
        elif message.xep0280_sent is not None:
            self.heard.put_nowait(("carbon sent", message))
        elif message.xep0280_received is not None:
            self.heard.put_nowait(("carbon received", message))
        elif message.type_ == aioxmpp.MessageType.ERROR:
            self.heard.put_nowait(("error", message))
        elif message.body:
            self.heard.put_nowait(("message", message))

    async def next(self, wanted):
        while True:
            name, value = await asyncio.wait_for(self.heard.get(), PATIENCE)
            if name == wanted:
                return value

    async def say(self, to, body):
        message = aioxmpp.Message(to=to, type_=aioxmpp.MessageType.CHAT)
        message.body[None] = body
        await self.client.send(message)

    async def archive(self, rsm=None, **fields):
        """Archive ids with their words, and what was said of the page."""
        self.results.clear()
        query = Query()
        query.rsm = rsm
        if fields:
            query.form = Data(DataType.SUBMIT)
            query.form.fields.append(Field(type_=FieldType.HIDDEN, var="FORM_TYPE", values=[MAM]))
            for name, values in fields.items():
                type_ = FieldType.LIST_MULTI if name == "ids" else None
                query.form.fields.append(Field(type_=type_, var=name.strip("_"), values=values))
        fin = await self.client.send(aioxmpp.IQ(type_=aioxmpp.IQType.SET, payload=query), timeout=PATIENCE)
        return [(one.id_, one.forwarded.stanza.body.any()) for one in self.results], fin


def done(what):
    print(what, flush=True)


def page(max_, **where):
    wanted = ResultSetMetadata()
    wanted.max_ = max_
    for name, value in where.items():
        setattr(wanted, name, value)
    return wanted


async def carbons(phone, desk, romeo):
    await phone.carbons.enable()
    await desk.carbons.enable()
    for number in range(1, 6):
        await phone.say(romeo.jid.bare(), f"{number} from the phone")
        assert (await romeo.next("message")).body.any() == f"{number} from the phone"
        copy = await desk.next("carbon sent")
        assert copy.from_ == desk.jid.bare() and copy.xep0280_sent.stanza.body.any() == f"{number} from the phone"
    await romeo.say(phone.jid, "to the phone")
    assert (await phone.next("message")).body.any() == "to the phone"
    copy = await desk.next("carbon received")
    assert copy.xep0280_received.stanza.to == phone.jid and copy.xep0280_received.stanza.body.any() == "to the phone"
    done("the other device gets what one sends, and what one gets")


async def history(phone, romeo):
    words = [f"{number} from the phone" for number in range(1, 6)] + ["to the phone"]
    found, fin = await romeo.archive(page(2), with_=[str(phone.jid.bare())])
    while not fin.complete:
        more, fin = await romeo.archive(page(2, after=After(fin.rsm.last.value)), with_=[str(phone.jid.bare())])
        found += more
    assert [body for _, body in found] == words, found
    last, fin = await romeo.archive(page(2, before=Before()))
    assert last == found[-2:] and fin.rsm.first.value == last[0][0] and not fin.complete, last
    before, _ = await romeo.archive(page(3, before=Before(last[0][0])))
    assert before == found[1:4], before
    done("history comes page by page, both ways")
    some, _ = await romeo.archive(ids=[found[4][0], found[0][0]])
    assert some == [found[0], found[4]], some
    done("history comes by id")


async def nodes(phone, romeo):
    """XEP-0163: by a subscription to presence and +notify, and by asking."""
    claim = romeo.pep.claim_pep_node(NODE, notify=True)
    claim.on_item_publish.connect(lambda jid, node, item, message=None: romeo.heard.put_nowait(("item", (jid, item))))
    for one, other in ((phone, romeo), (romeo, phone)):
        one.roster.approve(other.jid.bare())
        one.roster.subscribe(other.jid.bare())
    for _ in range(PATIENCE * 10):
        known = [
            one.roster.items[other.jid.bare()].subscription if other.jid.bare() in one.roster.items else None
            for one, other in ((phone, romeo), (romeo, phone))
        ]
        if known == ["both", "both"]:
            break
        await asyncio.sleep(0.1)
    assert known == ["both", "both"], known
    # What it wants to hear of is new: its presence says so (XEP-0115 §6).
    romeo.client.presence = aioxmpp.PresenceState(available=True, show=aioxmpp.PresenceShow.CHAT)
    await romeo.client.send(aioxmpp.IQ(type_=aioxmpp.IQType.GET, to=romeo.jid.replace(localpart=None, resource=None), payload=aioxmpp.ping.xso.Ping()))
    mood = Mood()
    mood.text = "in love"
    id_ = await phone.pep.publish(NODE, mood, id_="current", access_model="presence")
    assert id_ == "current", id_
    jid, item = await romeo.next("item")
    assert jid == phone.jid.bare() and item.registered_payload.text == "in love", (jid, item)
    asked = await romeo.pubsub.get_items(phone.jid.bare(), NODE)
    assert [one.registered_payload.text for one in asked.payload.items] == ["in love"]
    subscribed = await romeo.pubsub.subscribe(phone.jid.bare(), NODE)
    assert subscribed.payload.subscription == "subscribed", subscribed.payload.subscription
    await phone.pubsub.retract(None, NODE, "current", notify=True)
    assert [*(await romeo.pubsub.get_items(phone.jid.bare(), NODE)).payload.items] == []
    done("a contact hears of a node, reads it and subscribes")


async def blocking(phone, desk, romeo):
    await phone.blocking.block_jids([romeo.jid.bare()])
    assert await desk.next("blocked") == {romeo.jid.bare()}
    await romeo.say(phone.jid.bare(), "do you hear me?")
    refused = await romeo.next("error")
    assert refused.error.condition == aioxmpp.ErrorCondition.SERVICE_UNAVAILABLE, refused.error.condition
    assert desk.blocking.blocklist == {romeo.jid.bare()}
    await desk.blocking.unblock_all()
    assert await phone.next("unblocked") == {romeo.jid.bare()}
    await romeo.say(phone.jid, "and now?")
    assert (await phone.next("message")).body.any() == "and now?"
    done("who is blocked is not heard, and all devices know")


async def files(phone):
    domain = phone.jid.replace(localpart=None, resource=None)
    services = [domain] + [item.jid for item in (await phone.disco.query_items(domain)).items]
    for service in services:
        if "urn:xmpp:http:upload:0" in (await phone.disco.query_info(service)).features:
            break
    else:
        raise AssertionError("No service takes files")
    picture = b"\x89PNG a portrait" + bytes(range(256)) * 300
    slot = await aioxmpp.httpupload.request_slot(phone.client, service, "Porträt.png", len(picture), "image/png")
    status = await web_files.put(slot.put.url, dict(slot.put.headers.items()), picture, "image/png")
    assert status == 201, status
    await web_files.check_file(slot.get.url, "image/png", "inline", picture)
    try:
        await aioxmpp.httpupload.request_slot(phone.client, service, "huge.bin", 2**40, "application/octet-stream")
        raise AssertionError("A tebibyte was no file too big")
    except aioxmpp.errors.XMPPError as refused:
        assert refused.condition == aioxmpp.ErrorCondition.NOT_ACCEPTABLE, refused
    done("files go up, and come down as they were and as they may be shown")


async def main():
    login = json.loads(sys.stdin.readline())
    phone = Device(login, login["juliet"], "phone")
    desk = Device(login, login["juliet"], "desk")
    romeo = Device(login, login["romeo"], "orchard")
    async with phone.client.connected(), desk.client.connected(), romeo.client.connected():
        await carbons(phone, desk, romeo)
        await history(phone, romeo)
        await nodes(phone, romeo)
        await blocking(phone, desk, romeo)
        await files(phone)


asyncio.get_event_loop().run_until_complete(asyncio.wait_for(main(), 60))
