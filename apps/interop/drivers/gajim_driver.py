"""Gajim as a child process: the whole program with its window, and beside it this loop of JSON lines (src/clients/driver.ts tells them).

Orders go the way a person's clicks go: the account by what the wizard calls, messages by the chat's text field and its send action,
encryption by the chat's menu. What is told is what Gajim tells its own windows, and what the rows of its chats show.
"""

import hashlib
import json
import os
import sys

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib  # noqa: E402

try:
    import gajim.gajim as start
except ImportError:
    sys.exit("gajim is missing: install the Debian package gajim")

ACCOUNT = "interop"


def emit(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main():
    login = json.loads(sys.stdin.readline())
    # What `gajim` itself does, but for its refusal to run as root: CI is root in a machine of its own.
    start._check_required_deps()
    start._set_env_vars()
    start._init_gui("GTK")
    from gajim.gtk.application import GajimApplication

    application = GajimApplication()
    driver = Driver(application, login)
    GLib.idle_add(driver.begin)
    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, driver.read)
    application.run(["gajim"])


class Driver:
    def __init__(self, application, login):
        self.application = application
        self.login = login
        self.unread = b""
        self.is_over = False

    def begin(self):
        from gajim.common import app, ged
        from nbxmpp.const import ConnectionProtocol, ConnectionType

        self.app = app
        if app.window is None:
            return True
        login = self.login
        # No keyring is there, and nothing is to leave this machine.
        for setting in ("use_keyring", "check_for_update", "plugins_update_check"):
            app.settings.set(setting, False)
        username, domain = login["jid"].split("@")
        security = ConnectionType.DIRECT_TLS if login["door"] == "direct tls" else ConnectionType.START_TLS
        where = (f"{login['host']}:{login['port']}", ConnectionProtocol.TCP, security)
        self.application.create_account(ACCOUNT, username, domain, login["password"], None, where)
        app.settings.set_account_setting(ACCOUNT, "resource", login["resource"])
        for name, handler in {
            "signed-in": self.on_signed_in,
            "message-received": self.on_message,
            "mam-message-received": self.on_archived,
            "message-sent": lambda e: emit(event="sent", jid=str(e.jid), body=e.message, encrypted=secret(e)),
            "message-not-sent": lambda e: emit(event="unsent", jid=str(e.jid), reason=str(e.error)),
            "presence-received": lambda e: emit(
                event="presence",
                jid=e.fjid,
                show={"offline": "unavailable", "online": "available"}.get(e.show, e.show),
                status=e.status or "",
            ),
            "subscribe-presence-received": lambda e: emit(event="request", jid=str(e.jid)),
            "roster-received": self.on_roster,
            "roster-push": lambda e: self.on_item(e.item),
            "password-required": lambda e: self.fail("not authorised"),
        }.items():
            app.ged.register_event_handler(name, ged.GUI2, handler)
        self.application.enable_account(ACCOUNT)
        # Its dialogues tell a person what is wrong.
        GLib.timeout_add(50, self.look_for_dialogues)
        return False

    def look_for_dialogues(self):
        from gajim.gtk.util import get_app_window

        wizard = get_app_window("AccountWizard")
        if wizard is not None:
            wizard.destroy()
        if get_app_window("SSLErrorDialog") is not None:
            self.fail("certificate refused")
        return not self.is_over

    def fail(self, reason):
        self.is_over = True
        emit(event="failed", reason=reason)

    @property
    def client(self):
        return self.app.get_client(ACCOUNT)

    def on_signed_in(self, event):
        version = event.conn.connection.tls_version
        emit(event="ready", jid=str(event.conn.get_own_jid()), tls=version.value_nick if version else None)

    def on_message(self, event):
        if not event.msgtxt:
            return
        carbon = bool(event.properties.is_sent_carbon)
        delayed = event.properties.has_server_delay or event.properties.has_user_delay
        emit(
            event="message", jid=event.fjid, body=event.msgtxt, delayed=bool(delayed), encrypted=secret(event), carbon=carbon
        )

    def on_archived(self, event):
        # The words as they are kept for the chat; those of a message that is not for this device are Gajim's own.
        emit(event="archived", jid=str(event.jid), body=event.properties.body or "", encrypted=secret(event))

    def on_roster(self, _event):
        for _jid, item in self.client.get_module("Roster").iter():
            self.on_item(item)

    def on_item(self, item):
        emit(event="roster", jid=str(item.jid), subscription=item.subscription)
        contact = self.client.get_module("Contacts").get_contact(item.jid)
        contact.disconnect_all_from_obj(self)
        contact.connect("avatar-update", self.on_avatar)

    def on_avatar(self, contact, _signal):
        sha = contact.avatar_sha
        if sha and self.application.avatar_storage.avatar_exists(sha):
            emit(event="avatar", jid=str(contact.jid), sha=sha)

    def read(self, _source, condition):
        more = os.read(sys.stdin.fileno(), 65536) if condition & GLib.IO_IN else b""
        if not more:
            # Our parent closed the pipe or died.
            os._exit(0)
        *lines, self.unread = (self.unread + more).split(b"\n")
        for line in lines:
            command = json.loads(line)
            try:
                waits = self.obey(command)
            except Exception as error:
                emit(event="refused", id=command["id"], reason=repr(error))
                continue
            if not waits:
                emit(event="done", id=command["id"])
        return True

    def obey(self, command):
        """True: `done` comes later."""
        do, jid = command["do"], command.get("jid")
        presence = self.client.get_module("Presence")
        if do == "subscribe":
            presence.subscribe(jid)
        elif do == "approve":
            presence.subscribed(jid)
        elif do == "presence":
            self.client.change_status(command["show"] or "online", command["status"])
        elif do == "encrypt":
            self.select(jid)
            self.app.window.get_action("set-encryption").change_state(GLib.Variant("s", "OMEMO"))
            chosen = self.app.window.get_chat_stack().get_message_action_box().get_current_contact().settings.get("encryption")
            assert chosen == "OMEMO", "OMEMO is missing: install the Debian package gajim-omemo"
        elif do == "say":
            self.say(command, jid)
            return True
        elif do == "picture":
            return self.publish_avatar(command)
        elif do == "shown":
            self.select(jid)
            rows = self.app.window.get_control()._scrolled_view.iter_rows()
            emit(event="shown", jid=jid, texts=[row.text for row in rows if row.type == "chat"])
        elif do == "logout":
            self.client.change_status("offline", "")
            emit(event="closed", reason="logged out")
        else:
            raise ValueError(f"unknown command {do}")
        return False

    def select(self, jid):
        from nbxmpp.protocol import JID

        window, jid = self.app.window, JID.from_string(jid)
        if not window.chat_exists(ACCOUNT, jid):
            window.add_chat(ACCOUNT, jid, "contact", select=True)
        window.select_chat(ACCOUNT, jid)

    def say(self, command, jid):
        """Types and sends, and sends again while Gajim says that it has no keys of the other side yet, as a person would."""
        self.select(jid)
        field = self.app.window.get_chat_stack().get_message_input()
        field.clear()
        field.insert_text(command["body"])
        attempts = 0

        def send():
            nonlocal attempts
            attempts += 1
            self.app.window.activate_action("send-message", None)
            if not field.has_text:
                emit(event="done", id=command["id"])
            elif attempts > 100:
                emit(event="refused", id=command["id"], reason="the text stays in its field")
            else:
                return True
            return False

        if send():
            GLib.timeout_add(100, send)

    def publish_avatar(self, command):
        from gi.repository import GdkPixbuf
        from nbxmpp.modules.user_avatar import Avatar

        pixbuf = GdkPixbuf.Pixbuf.new(GdkPixbuf.Colorspace.RGB, False, 8, 96, 96)
        pixbuf.fill(0x3366CCFF)
        _, data = pixbuf.save_to_bufferv("png", [], [])
        avatar = Avatar()
        avatar.add_image_source(data, "image/png", 96, 96)
        self.application.avatar_storage.save_avatar(data)

        def published(task):
            try:
                task.finish()
            except Exception as error:
                emit(event="refused", id=command["id"], reason=repr(error))
                return
            emit(event="published", sha=hashlib.sha1(data).hexdigest())
            emit(event="done", id=command["id"])

        # nbxmpp holds its callbacks weakly.
        self.published = published
        self.client.get_module("UserAvatar").set_avatar(avatar, public=False, callback=published)
        return True


def secret(event):
    """By which encryption it came, or goes."""
    found = event.additional_data.get_value("encrypted", "name")
    return found or None


main()
