"""Every command by name. Each group's module is imported when the command line starts; what a
command needs beyond that it imports when it runs, so that ``accord --help`` stays fast."""

from __future__ import annotations

from cyclopts import App

from accord.cli import agreement, desk, reading, stages

_GROUPS = (stages, reading, agreement, desk)
_registered: set[int] = set()


def register(app: App) -> None:
    """Add every command to the app, once."""
    if id(app) in _registered:
        return
    for group in _GROUPS:
        group.register(app)
    _registered.add(id(app))
