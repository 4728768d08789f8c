"""A real mail server on 127.0.0.1 that keeps what it takes and refuses whom a test names."""

from __future__ import annotations

import socket
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller


class MailServer:
    """Takes mail while it is up; ``refused`` are addresses that it answers with 550."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.mails: list[tuple[str, EmailMessage]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """What ACCORD_MESSAGE_URL says of it."""
        return (
            f"mailto://127.0.0.1:{self.port}?from=accord%40example.com&to={{email}}&mode=insecure"
        )

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:  # noqa: N802
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails += [(to, mail) for to in envelope.rcpt_tos]
        return "250 OK"

    def take(self) -> list[tuple[str, str, str]]:
        """Return what came since the last look: recipient, subject, text."""
        taken, self.mails = self.mails, []
        return [(to, str(mail["subject"]), text_of(mail)) for to, mail in taken]


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain", "html"))
    assert part is not None
    return part.get_content()
