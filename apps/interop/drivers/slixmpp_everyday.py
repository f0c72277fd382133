"""What a person with two devices does all day, with slixmpp: history, carbons, blocking, files. Nodes are in slixmpp_pep.py.

Reads one line of JSON (host, port, caFile, the accounts), prints a line for each thing that went as it has to, and ends with an error
for the first that did not.
"""

import asyncio
import io
import json
import sys
from pathlib import Path

from slixmpp_person import PATIENCE, Person, done, within

try:
    import aiohttp  # noqa: F401
except ImportError:
    sys.exit("What slixmpp uploads with is missing: install the Debian package python3-aiohttp")

from slixmpp.plugins.xep_0363.http_upload import FileTooBig
from slixmpp.xmlstream.handler import Collector
from slixmpp.xmlstream.matcher import StanzaPath

import web_files

PLUGINS = ("0030", "0059", "0191", "0199", "0280", "0313", "0359", "0363")
EVENTS = ("message", "message_error", "carbon_sent", "carbon_received", "blocked", "unblocked")


def archived(message):
    """The id in the archive, and the words."""
    result = message["mam_result"]
    return result["id"], result["forwarded"]["stanza"]["body"]


async def carbons(phone, desk, romeo):
    await phone["xep_0280"].enable(timeout=PATIENCE)
    await desk["xep_0280"].enable(timeout=PATIENCE)
    ids = []
    for number in range(1, 6):
        phone.say(romeo.boundjid.bare, f"{number} from the phone")
        message = await romeo.next("message")
        assert message["body"] == f"{number} from the phone", message
        copy = (await desk.next("carbon_sent"))["carbon_sent"]
        assert copy["body"] == f"{number} from the phone", copy
        ids.append(message["stanza_id"]["id"])
    romeo.say(phone.boundjid.full, "to the phone")
    assert (await phone.next("message"))["body"] == "to the phone"
    copy = (await desk.next("carbon_received"))["carbon_received"]
    assert copy["body"] == "to the phone" and copy["to"] == phone.boundjid.full, copy
    done("the other device gets what one sends, and what one gets")
    return ids


async def history(phone, romeo, ids):
    mam = romeo["xep_0313"]
    fields = (await mam.get_fields(timeout=PATIENCE)).get_fields()
    assert {"with", "start", "end", "before-id", "after-id", "ids"} <= set(fields), list(fields)
    words = [f"{number} from the phone" for number in range(1, 6)] + ["to the phone"]

    found = [archived(message) async for message in mam.iterate(with_jid=phone.boundjid.bare, rsm={"max": 2})]
    assert [body for _, body in found] == words, found
    assert [id for id, _ in found][:5] == ids, (found, ids)
    back = [archived(message) async for message in mam.iterate(rsm={"max": 4}, reverse=True)]
    assert back == found[::-1], back
    page = await mam.retrieve(rsm={"max": 2, "after": ids[1]}, timeout=PATIENCE)
    assert [archived(one)[0] for one in page["mam"]["results"]] == ids[2:4], page
    assert page["mam_fin"]["rsm"]["last"] == ids[3] and page["mam_fin"].xml.get("complete") != "true", page
    done("history comes page by page, both ways, with the ids that were seen live")

    wanted = [ids[4], ids[0]]
    collector = Collector("by id", StanzaPath("message/mam_result"))
    romeo.register_handler(collector)
    iq = romeo.make_iq_set()
    iq["mam"]["queryid"] = "by-id"
    iq["mam"]["ids"] = wanted
    await iq.send(timeout=PATIENCE)
    # In the order of the archive, whatever the order of the question.
    assert [archived(one) for one in collector.stop()] == [found[0], found[4]]
    done("history comes by id")


async def blocking(phone, desk, romeo):
    juliet = phone.boundjid.bare
    for device in (phone, desk):
        assert (await device["xep_0191"].get_blocked(timeout=PATIENCE))["blocklist"]["items"] == set()
    await phone["xep_0191"].block(romeo.boundjid.bare, timeout=PATIENCE)
    assert (await desk.next("blocked"))["block"]["items"] == {romeo.boundjid.bare}
    romeo.say(juliet, "do you hear me?")
    assert (await romeo.next("message_error"))["error"]["condition"] == "service-unavailable"
    blocked = await desk["xep_0191"].get_blocked(timeout=PATIENCE)
    assert blocked["blocklist"]["items"] == {romeo.boundjid.bare}, blocked
    await desk["xep_0191"].unblock(romeo.boundjid.bare, timeout=PATIENCE)
    assert (await phone.next("unblocked"))["unblock"]["items"] == {romeo.boundjid.bare}
    romeo.say(phone.boundjid.full, "and now?")
    assert (await phone.next("message"))["body"] == "and now?"
    done("who is blocked is not heard, and all devices know")


async def find_upload(phone):
    """COMPAT(slixmpp 1.8.3): its own search hands coroutines to asyncio.wait, which Python 3.11 refuses."""
    disco, domain = phone["xep_0030"], phone.boundjid.domain
    items = (await disco.get_items(jid=domain, timeout=PATIENCE))["disco_items"]["items"]
    for service in [domain] + [jid for jid, _node, _name in items]:
        info = (await disco.get_info(jid=service, timeout=PATIENCE))["disco_info"]
        if "urn:xmpp:http:upload:0" not in info["features"]:
            continue
        sizes = [form["values"].get("max-file-size") for form in info.iterables]
        phone["xep_0363"].upload_service = service
        phone["xep_0363"].max_file_size = int(next(size for size in sizes if size))
        return
    raise AssertionError("No service takes files")


async def files(phone):
    upload = phone["xep_0363"]
    await find_upload(phone)
    picture = b"\x89PNG a portrait" + bytes(range(256)) * 300
    url = await upload.upload_file(
        Path("Porträt von mir.png"), size=len(picture), content_type="image/png", input_file=io.BytesIO(picture), timeout=PATIENCE
    )
    await web_files.check_file(url, "image/png", "inline", picture)
    page = b"<script>alert(1)</script>"
    url = await upload.upload_file(
        Path("page.html"), size=len(page), content_type="text/html", input_file=io.BytesIO(page), timeout=PATIENCE
    )
    await web_files.check_file(url, "text/html", "attachment", page)
    try:
        await upload.upload_file(Path("huge.bin"), size=2**40, input_file=io.BytesIO(b""), timeout=PATIENCE)
        raise AssertionError("A tebibyte was no file too big")
    except FileTooBig:
        pass
    done("files go up, and come down as they were and as they may be shown")


async def main():
    login = json.loads(sys.stdin.readline())
    phone = Person(login, login["juliet"], "phone", PLUGINS, EVENTS)
    desk = Person(login, login["juliet"], "desk", PLUGINS, EVENTS)
    romeo = Person(login, login["romeo"], "orchard", PLUGINS, EVENTS)
    everybody = (phone, desk, romeo)
    await within(*(client.online for client in everybody))
    ids = await carbons(phone, desk, romeo)
    await history(phone, romeo, ids)
    await blocking(phone, desk, romeo)
    await files(phone)
    for client in everybody:
        await client.disconnect(wait=2.0)


asyncio.get_event_loop().run_until_complete(asyncio.wait_for(main(), 60))
