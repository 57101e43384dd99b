import logging
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pentaprism.core.accounts.mail import Mail, MailRules
from pentaprism.core.accounts.tables import OutgoingMail
from pentaprism.core.database.engine import Database


class Postman(socketserver.ThreadingTCPServer):
    """An SMTP server (RFC 5321) that takes mails, or refuses recipients at ``refused.example``."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), PostmanHandler)
        self.taken: list[str] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class PostmanHandler(socketserver.StreamRequestHandler):
    server: Postman

    def handle(self) -> None:
        self.say("220 postman")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.taken.append(b"".join(lines).decode())
                self.say("250 taken")
            elif word == b"RCPT" and b"refused.example" in line:
                self.say("550 no such person")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def postman() -> Iterator[Postman]:
    with Postman() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def write(database: Database, mail: Mail, recipient: str = "ada@example.com", body: str = "the secret link") -> str:
    with database.write() as session:
        return mail.write(session, recipient, "Your link\r\nBcc: eve@example.com", body).id


def row(database: Database, mail_id: str) -> OutgoingMail:
    with database.read() as session:
        return session.get_one(OutgoingMail, mail_id)


def test_a_written_mail_is_sent_once(database: Database, postman: Postman, watch: Any) -> None:
    mail = Mail(MailRules(postman.url, "Pentaprism <pp@example.com>"), clock=watch)
    mail_id = write(database, mail, body="Grüße, the secret link")
    assert mail.can_send and mail.deliver_due(database) == 1
    assert mail.deliver_due(database) == 0
    (taken,) = postman.taken
    assert "To: ada@example.com" in taken and "From: Pentaprism <pp@example.com>" in taken
    assert "Subject: Your link Bcc: eve@example.com" in taken and "\nBcc:" not in taken
    assert row(database, mail_id).sent_at == watch()


def test_a_rolled_back_mail_is_never_sent(database: Database, postman: Postman) -> None:
    mail = Mail(MailRules(postman.url))
    with pytest.raises(ZeroDivisionError), database.write() as session:
        mail.write(session, "ada@example.com", "subject", "body")
        raise ZeroDivisionError
    assert mail.deliver_due(database) == 0 and postman.taken == []


def test_without_a_server_mails_wait(database: Database, postman: Postman) -> None:
    mail = Mail()
    write(database, mail)
    assert not mail.can_send and mail.deliver_due(database) == 0
    with database.read() as session:
        assert mail.waiting(session) == 1
    assert Mail(MailRules(postman.url)).deliver_due(database) == 1
    with database.read() as session:
        assert mail.waiting(session) == 0


def test_an_unreachable_server_is_tried_again_later_and_given_up_at_last(
    database: Database, watch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    mail = Mail(MailRules("smtp://127.0.0.1:1", timeout_seconds=2), clock=watch)
    mail_id = write(database, mail)
    with caplog.at_level(logging.DEBUG):
        assert mail.deliver_due(database) == 0
    assert (row(database, mail_id).attempts, row(database, mail_id).error) == (1, "ConnectionRefusedError")
    assert "secret" not in caplog.text and "ada@example.com" not in caplog.text and mail_id in caplog.text
    mail.deliver_due(database)
    assert row(database, mail_id).attempts == 1
    for hours in (1, 2, 3, 4, 12, 12, 12, 12):
        watch.move(hours=hours)
        mail.deliver_due(database)
    assert row(database, mail_id).attempts == 6 and row(database, mail_id).sent_at is None
    with database.read() as session:
        assert mail.waiting(session) == 0


def test_one_refused_mail_does_not_stop_the_others(database: Database, postman: Postman) -> None:
    mail = Mail(MailRules(postman.url))
    refused, other = write(database, mail, "eve@refused.example"), write(database, mail)
    assert mail.deliver_due(database) == 1
    assert row(database, refused).error == "SMTPRecipientsRefused" and row(database, other).sent_at is not None


def test_two_deliverers_send_a_mail_once(database: Database, postman: Postman) -> None:
    mail = Mail(MailRules(postman.url))
    for _ in range(5):
        write(database, mail)
    threads = [threading.Thread(target=mail.deliver_due, args=[database]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(postman.taken) == 5


def test_old_mails_are_removed(database: Database, watch: Any) -> None:
    mail = Mail(clock=watch)
    write(database, mail)
    watch.move(days=31)
    write(database, mail)
    with database.write() as session:
        assert mail.remove_old(session) == 1
        assert mail.waiting(session) == 1
