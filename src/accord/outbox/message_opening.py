"""Choosing the messenger that the settings name, and looking whether it could work."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from accord.errors import InputError
from accord.outbox.message_file import MESSAGES_FILE, FileMessenger
from accord.outbox.messenger import Messenger
from accord.outbox.wording import Templates

_NO_URLS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSettings:
    """How people are told; URLs hold secrets and are not shown.

    ``url`` is for all roles, ``urls`` for one each; without any, messages are lines of a file in
    ``folder``. ``test_to`` is an address or a URL that everything goes to instead, ``templates`` a
    folder of a team's own, ``pause`` the least time between two messages to one recipient.
    """

    folder: Path = Path()
    url: str = field(default="", repr=False)
    urls: Mapping[str, str] = field(default_factory=lambda: _NO_URLS, repr=False)
    test_to: str = field(default="", repr=False)
    templates: Path | None = None
    pause: timedelta = timedelta(minutes=15)

    @property
    def is_file(self) -> bool:
        """Whether nothing is set that leads to people."""
        return not (self.url or self.urls or self.test_to)

    @property
    def by_role(self) -> dict[str, str]:
        """The URLs by role, "" for all."""
        return ({"": self.url} if self.url else {}) | dict(self.urls)


def open_messenger(settings: MessageSettings) -> Messenger:
    """Return the messenger that the settings name; nothing is connected yet.

    InputError, without the secret, if a URL cannot be read.
    """
    if settings.is_file:
        return FileMessenger((settings.folder / MESSAGES_FILE).absolute())
    from accord.outbox.message_apprise import AppriseMessenger  # slow to import

    return AppriseMessenger(settings.by_role, test_to=settings.test_to)


def look_at_messages(settings: MessageSettings, *, roles: Sequence[str]) -> str:
    """Return in a line how people of these roles would be told; nothing is sent.

    InputError where a URL, a template or a role without a way is at fault.
    """
    own = Templates(settings.templates).check()
    templates = f"; own templates: {', '.join(own)}" if own else ""
    return _way(settings, roles) + templates


def _way(settings: MessageSettings, roles: Sequence[str]) -> str:
    if settings.is_file:
        return _file_way(settings.folder / MESSAGES_FILE)
    from accord.outbox.message_apprise import AppriseMessenger

    messenger = AppriseMessenger(settings.by_role, test_to=settings.test_to)
    silent = [role for role in roles if not messenger.can_tell(role)]
    if silent:
        raise InputError(
            where="ACCORD_MESSAGE_URLS",
            found=f"no URL for {', '.join(silent)}",
            remedy="name them there, or set ACCORD_MESSAGE_URL for all",
        )
    ways = [f"{role or 'all'} by {scheme}" for role, scheme in messenger.schemes().items()]
    test = "; test mode: everything goes to one address" if settings.test_to else ""
    return "apprise: " + ", ".join(ways) + test


def _file_way(path: Path) -> str:
    near = path
    while not near.exists():
        near = near.parent
    if not os.access(near, os.W_OK):
        raise InputError(where=str(path), found="cannot be written to")
    return f"file: lines in {path}, nobody is told"
