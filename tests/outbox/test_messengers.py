"""The messengers: what every one answers, URLs that cannot be read, secrets that stay secret."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from accord.errors import InputError
from accord.outbox import (
    Addressee,
    FileMessenger,
    Message,
    MessageSettings,
    Told,
    look_at_messages,
    open_messenger,
)
from accord.outbox.message_apprise import AppriseMessenger
from tests.outbox.mail_server import MailServer

AT = datetime(2026, 11, 16, 14, tzinfo=UTC)
ANN = Addressee(role="rep", person_id="crm:ann", email="ann+crm@example.com")


def message(*keys: str, to: Addressee = ANN) -> Message:
    html = "<p>Grüße &amp; mehr</p>"
    return Message(keys=keys, to=to, subject="Überfällig", text="Grüße & mehr", html=html)


@pytest.fixture(scope="module")
def server():
    made = MailServer()
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("way", ["file", "apprise"])
def test_each_message_has_an_outcome_in_order(way, tmp_path, server):
    server.refused = {"bob@example.com"} if way == "apprise" else set()
    url = "" if way == "file" else server.url
    messenger = open_messenger(MessageSettings(folder=tmp_path, url=url))
    bob = Addressee(role="rep", person_id="crm:bob", email="bob@example.com")
    outcomes = messenger.send([message("a"), message("b", to=bob), message("c")], sent_at=AT)
    refused = Told.SENT if way == "file" else Told.REFUSED
    assert [one.told for one in outcomes] == [Told.SENT, refused, Told.SENT]
    known = {"a", "b"} if way == "file" else set()
    assert messenger.find_sent(["a", "b", "z"]) == known
    assert messenger.send([], sent_at=AT) == ()
    assert not any("@" in (one.error or "") for one in outcomes)


def test_the_address_is_quoted_into_the_url_and_umlauts_arrive(server):
    server.mails.clear()
    server.refused = set()
    AppriseMessenger({"": server.url}).send([message("a")], sent_at=AT)
    ((to, mail),) = server.mails
    assert (to, mail["subject"]) == ("ann+crm@example.com", "Überfällig")
    assert "Grüße &amp; mehr" in mail.get_body(("html",)).get_content()
    assert "Grüße & mehr" in mail.get_body(("plain",)).get_content()


def test_plain_text_goes_where_the_url_asks_for_it(server):
    server.mails.clear()
    AppriseMessenger({"": f"{server.url}&format=text"}).send([message("a")], sent_at=AT)
    ((_, mail),) = server.mails
    assert (mail.get_content_type(), mail.get_content().strip()) == ("text/plain", "Grüße & mehr")


@pytest.mark.parametrize("url", ["nonsense", "mailto://", "slack://sesame", "nix://sesame@host"])
def test_a_url_that_apprise_cannot_read_is_said_without_it(url):
    with pytest.raises(InputError) as caught:
        AppriseMessenger({"": url})
    assert "ACCORD_MESSAGE_URL:" in str(caught.value)
    assert "sesame" not in str(caught.value)
    with pytest.raises(InputError, match="of the role ceo"):
        AppriseMessenger({"ceo": url})


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b.example,c@d.example", "a@b.example <x@y>", "jörg@b.example"]
)
def test_what_is_not_one_address_is_refused_and_not_repeated(address):
    messenger = AppriseMessenger({"": "mailto://127.0.0.1:9?from=a%40b.example&to={email}"})
    to = Addressee(role="rep", person_id="crm:ann", email=address)
    (outcome,) = messenger.send([message("a", to=to)], sent_at=AT)
    assert (outcome.told, outcome.error) == (
        Told.REFUSED,
        "the address of crm:ann is not one address",
    )


def test_a_role_without_a_url_is_refused_by_name(server):
    messenger = AppriseMessenger({"ceo": server.url})
    assert (messenger.channel("ceo"), messenger.channel("rep")) == ("ceo", "")
    (outcome,) = messenger.send([message("a")], sent_at=AT)
    assert outcome.error == "no URL for the role rep: set ACCORD_MESSAGE_URL"


def test_nothing_of_url_or_address_gets_into_the_logs(server, caplog, capfd):
    server.stop()
    url = server.url.replace("mailto://", "mailto://user:sesame@")
    with caplog.at_level(logging.DEBUG):
        (outcome,) = AppriseMessenger({"": url}).send([message("a")], sent_at=AT)
    server.start()
    assert outcome.error == "the server does not answer"
    out, err = capfd.readouterr()
    said = caplog.text + out + err
    assert "sesame" not in said
    assert "ann" not in said
    settings = MessageSettings(url=url, urls={"ceo": url}, test_to="me@example.com")
    assert "sesame" not in repr(settings)
    assert "@" not in repr(settings)


def test_a_test_address_needs_a_way_and_a_place_in_every_url():
    with pytest.raises(InputError, match="without a way"):
        AppriseMessenger({}, test_to="me@example.com")
    with pytest.raises(InputError, match=r"without \{email\}"):
        AppriseMessenger(
            {"": "mailto://h?from=a%40b.example&to=x%40y.example"}, test_to="me@example.com"
        )


def test_a_test_url_is_the_only_way(server):
    server.mails.clear()
    test_to = server.url.replace("{email}", "me%40example.com")
    messenger = AppriseMessenger(
        {"": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#x"}, test_to=test_to
    )
    messenger.send([message("a")], sent_at=AT)
    assert [to for to, _ in server.mails] == ["me@example.com"]


def test_a_line_that_was_cut_off_is_removed_and_does_not_count(tmp_path):
    messenger = FileMessenger(tmp_path / "out" / "messages.jsonl")
    messenger.send([message("a")], sent_at=AT)
    with messenger.path.open("ab") as file:
        file.write(b'{"keys": ["b"], "kind": "mess')
    assert messenger.find_sent(["a", "b"]) == {"a"}
    messenger.send([message("c", "d")], sent_at=AT)
    lines = [json.loads(line) for line in messenger.path.read_text("utf-8").splitlines()]
    assert [line["keys"] for line in lines] == [["a"], ["c", "d"]]
    assert lines[0]["to"] == {"role": "rep", "id": "crm:ann"}


def test_a_long_line_that_was_cut_off_is_removed_as_well(tmp_path):
    messenger = FileMessenger(tmp_path / "messages.jsonl")
    messenger.send([message("a")], sent_at=AT)
    with messenger.path.open("ab") as file:
        file.write(b"x" * 200_000)
    messenger.send([message("b")], sent_at=AT)
    assert messenger.find_sent(["a", "b"]) == {"a", "b"}


def test_a_file_that_cannot_be_written_refuses_and_raises_nothing(tmp_path):
    (tmp_path / "out").write_text("a file where the folder should be")
    (outcome,) = FileMessenger(tmp_path / "out" / "m.jsonl").send([message("a")], sent_at=AT)
    assert outcome.told is Told.REFUSED


def test_looking_tells_the_ways_and_a_role_without_one(tmp_path, server):
    look = look_at_messages
    roles = ["ceo", "rep"]
    assert "nobody is told" in look(MessageSettings(folder=tmp_path), roles=roles)
    mail = MessageSettings(url=server.url, urls={"ceo": server.url}, test_to="me@example.com")
    assert look(mail, roles=roles) == (
        "apprise: all by mailto, ceo by mailto; test mode: everything goes to one address"
    )
    with pytest.raises(InputError, match="no URL for rep"):
        look(MessageSettings(urls={"ceo": server.url}), roles=roles)
    (tmp_path / "step.txt.j2").write_text("{{ nothing }}")
    with pytest.raises(InputError, match=r"step\.txt\.j2, line 1"):
        look(MessageSettings(folder=Path(), templates=tmp_path), roles=roles)


@pytest.fixture(scope="module")
def chat():
    """A web server that answers as its ``status`` says, and the URL that apprise posts JSON by."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            server.asked += 1
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked = 0
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("status", "told", "error"),
    [
        (200, Told.SENT, None),
        (401, Told.REFUSED, "refused with code 401"),
        (500, Told.UNKNOWN, "it failed on the way with code 500, perhaps after it was taken"),
    ],
)
def test_a_chat_that_fails_after_the_request_may_have_taken_it(chat, caplog, status, told, error):
    chat.status = status
    messenger = AppriseMessenger({"": f"json://127.0.0.1:{chat.server_port}/sesame"})
    with caplog.at_level(logging.DEBUG):
        (outcome,) = messenger.send([message("a")], sent_at=AT)
    assert (outcome.told, outcome.error) == (told, error)
    assert "sesame" not in caplog.text


def test_what_is_longer_than_a_chat_takes_goes_in_parts(chat):
    chat.status, before = 200, chat.asked
    long = replace(message("a"), text="Someone is late. " * 4_000)
    messenger = AppriseMessenger({"": f"json://127.0.0.1:{chat.server_port}/sesame"})
    assert [one.told for one in messenger.send([long], sent_at=AT)] == [Told.SENT]
    assert chat.asked - before == 3  # 68,000 characters, 32,768 at once
