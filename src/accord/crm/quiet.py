"""What libraries that send would log: whole addresses, with e-mails and secrets in them."""

from __future__ import annotations

import logging


def keep_quiet(library: str) -> None:
    """Let a library log warnings only, unless it is told to log even less."""
    logger = logging.getLogger(library)
    if logger.level < logging.WARNING:
        logger.setLevel(logging.WARNING)
