"""Two slixmpp clients with an account each: what they publish in nodes, and what the other hears of it.

Reads one line of JSON (host, port, caFile, the accounts), prints a line for each thing that went as it has to, and ends with an error
for the first that did not.
"""

import asyncio
import hashlib
import json
import sys

from slixmpp_person import PATIENCE, Person, done, within

from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0118.stanza import UserTune
from slixmpp.xmlstream import ET

TUNE = "http://jabber.org/protocol/tune"
PLUGINS = ("0030", "0049", "0060", "0084", "0115", "0118", "0163", "0172", "0048", "0054", "0153", "0199")


class Client(Person):
    def __init__(self, login, account, wants):
        super().__init__(login, account, "slixmpp", PLUGINS, ("user_tune_publish", "avatar_metadata_publish"))
        if wants:
            self["xep_0163"].add_interest(TUNE)
            self["xep_0163"].add_interest("urn:xmpp:avatar:metadata")


async def refused(call, *conditions):
    try:
        await call
    except IqError as error:
        if error.condition not in conditions:
            raise AssertionError(f"{error.condition} instead of {conditions}") from error
        return
    raise AssertionError(f"was not refused with {conditions}")


def ids(iq):
    return [item["id"] for item in iq["pubsub"]["items"]]


async def main():
    login = json.loads(sys.stdin.readline())
    juliet = Client(login, login["juliet"], False)
    romeo = Client(login, login["romeo"], True)
    await within(juliet.online, romeo.online)

    for one, other in ((juliet, romeo), (romeo, juliet)):
        other.auto_authorize = True
        other.auto_subscribe = False
        one.send_presence(pto=other.boundjid.bare, ptype="subscribe")
    for _ in range(PATIENCE * 10):
        known = [
            one.client_roster[other.boundjid.bare]["subscription"] for one, other in ((juliet, romeo), (romeo, juliet))
        ]
        if known == ["both", "both"]:
            break
        await asyncio.sleep(0.1)
    assert known == ["both", "both"], known

    # XEP-0163: by presence and +notify alone.
    await juliet["xep_0118"].publish_tune(artist="Gerald Finzi", title="Heigh ho")
    message = await romeo.next("user_tune_publish")
    assert message["from"] == juliet.boundjid.bare and message["type"] == "headline"
    assert message["pubsub_event"]["items"]["item"]["tune"]["title"] == "Heigh ho"
    done("a contact hears of a tune")

    # XEP-0084
    image = b"\x89PNG a portrait"
    hash = hashlib.sha1(image).hexdigest()
    await juliet["xep_0084"].publish_avatar(image)
    await juliet["xep_0084"].publish_avatar_metadata(items=[{"id": hash, "type": "image/png", "bytes": len(image)}])
    message = await romeo.next("avatar_metadata_publish")
    info = message["pubsub_event"]["items"]["item"]["avatar_metadata"]["items"]
    assert [one["id"] for one in info] == [hash]
    found = await romeo["xep_0084"].retrieve_avatar(juliet.boundjid.bare, hash)
    assert found["pubsub"]["items"]["item"]["avatar_data"]["value"] == image
    done("a contact sees an avatar")

    # XEP-0060
    pubsub, own = juliet["xep_0060"], juliet.boundjid.bare
    await pubsub.create_node(own, "urn:example:a")
    config = (await pubsub.get_node_config(own, "urn:example:a"))["pubsub_owner"]["configure"]["form"]
    assert config["values"]["pubsub#access_model"] == "presence"
    config["type"] = "submit"
    config["values"] = {**config["values"], "pubsub#max_items": "3", "pubsub#access_model": "open"}
    await pubsub.set_node_config(own, "urn:example:a", config)
    for number in "1234":
        payload = ET.Element("{urn:example:a}a")
        payload.text = number
        await pubsub.publish(own, "urn:example:a", id=number, payload=payload)
    assert ids(await pubsub.get_items(own, "urn:example:a")) == ["2", "3", "4"]
    assert ids(await pubsub.get_items(own, "urn:example:a", max_items=2)) == ["3", "4"]
    assert ids(await pubsub.get_items(own, "urn:example:a", item_ids=["2"])) == ["2"]
    await pubsub.retract(own, "urn:example:a", "3", notify=True)
    assert ids(await romeo["xep_0060"].get_items(own, "urn:example:a")) == ["2", "4"]
    subscribed = await romeo["xep_0060"].subscribe(own, "urn:example:a")
    assert subscribed["pubsub"]["subscription"]["subscription"] == "subscribed"
    subscribers = await pubsub.get_node_subscriptions(own, "urn:example:a")
    assert [one["jid"] for one in subscribers["pubsub_owner"]["subscriptions"]] == [romeo.boundjid.bare]
    await romeo["xep_0060"].unsubscribe(own, "urn:example:a")
    await refused(romeo["xep_0060"].delete_node(own, "urn:example:a"), "forbidden")
    await pubsub.purge(own, "urn:example:a")
    assert ids(await pubsub.get_items(own, "urn:example:a")) == []
    await pubsub.delete_node(own, "urn:example:a")
    await refused(pubsub.get_items(own, "urn:example:a"), "item-not-found")
    done("a node is made, configured, filled, read, subscribed to, purged and deleted")

    # XEP-0384: no option, and no subscription either.
    romeo.send_presence(pto=own, ptype="unsubscribe")
    for node in ("eu.siacs.conversations.axolotl.devicelist", "urn:xmpp:omemo:2:devices", "urn:xmpp:omemo:2:bundles"):
        for id in ("current",) if node.endswith(("list", "devices")) else ("1", "2"):
            await pubsub.publish(own, node, id=id, payload=ET.Element("{urn:example:keys}keys"))
        items = ids(await romeo["xep_0060"].get_items(own, node))
        assert items == (["1", "2"] if node.endswith("bundles") else ["current"]), items
    done("everybody reads devices and keys")

    for client in (juliet, romeo):
        await client.disconnect(wait=2.0)


asyncio.get_event_loop().run_until_complete(asyncio.wait_for(main(), 60))
