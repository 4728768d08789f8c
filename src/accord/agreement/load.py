"""The door: a file or a text in, a checked agreement out, or every fault at once."""

from __future__ import annotations

from pathlib import Path

from accord.agreement.checks import find_faults, find_warnings
from accord.agreement.document import Document, fingerprint_of, read_document, unreadable
from accord.agreement.model import Agreement
from accord.agreement.report import arrange
from accord.agreement.shape import validate
from accord.agreement.tree import Tree
from accord.errors import AgreementError


def load(path: str | Path) -> Agreement:
    """Read and check the agreement in a file (UTF-8, YAML 1.2).

    Raises AgreementError, whose ``faults`` are all that was found wrong, each with its path.
    """
    file = Path(path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise unreadable(str(path), "is not there.", "Name a file that exists.") from None
    except UnicodeDecodeError as error:
        found = f"is no UTF-8 text at byte {error.start}."
        raise unreadable(str(path), found, "Save it as UTF-8.") from None
    except OSError as error:
        found = f"cannot be read: {error.strerror}."
        raise unreadable(str(path), found, "Name a file that can be read.") from None
    return loads(text, where=str(path))


def loads(text: str, *, where: str = "agreement") -> Agreement:
    """Read and check an agreement's text; ``where`` names it in errors."""
    return check(read_document(text, where=where))


def check(document: Document) -> Agreement:
    """Make the agreement that a document's content is; AgreementError with every fault of it."""
    tree = Tree(document.content)
    agreement, shape = validate(document.content)
    faults = arrange(
        shape=(*document.faults, *shape), rules=find_faults(tree), lines=document.lines
    )
    if agreement is None or faults:
        raise AgreementError(where=document.where, faults=faults)
    return agreement.sealed(
        fingerprint=fingerprint_of(document.content),
        document=document.text,
        warnings=find_warnings(tree),
    )
