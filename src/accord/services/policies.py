"""The quality policy that stands: the team's file if there is one, else the shipped one."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from accord.errors import InputError
from accord.quality import Policy, parse_policy
from accord.services.settings import Settings
from accord.services.shipped import shipped_file

_SHIPPED = "quality.yaml"


def quality_policy(settings: Settings) -> Policy:
    """Return the policy in force; the same text is parsed once a process.

    QualityError with every fault of the file; InputError if the settings name one that is not
    there, or cannot be read.
    """
    text = _read_text(settings)
    return shipped_policy() if text is None else _parsed(text, str(settings.quality))


@cache
def shipped_policy() -> Policy:
    """Return the policy that comes with the package."""
    with shipped_file(_SHIPPED) as path:
        return parse_policy(path.read_text("utf-8"), where=_SHIPPED)


@lru_cache(maxsize=8)
def _parsed(text: str, where: str) -> Policy:
    return parse_policy(text, where=where, shipped=shipped_policy())


def _read_text(settings: Settings) -> str | None:
    where = str(settings.quality)
    try:
        return Path(settings.quality).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if "quality" not in settings.model_fields_set:
            return None
        remedy = "write one that begins with extends: shipped, or unset ACCORD_QUALITY"
        raise InputError(where=where, found="is not there", remedy=remedy) from None
    except UnicodeDecodeError as error:
        found = f"is no UTF-8 text at byte {error.start}"
        raise InputError(where=where, found=found, remedy="save it as UTF-8") from None
    except OSError as error:
        raise InputError(where=where, found=f"cannot be read: {error.strerror}") from None
