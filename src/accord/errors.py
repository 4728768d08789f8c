"""The errors of Accord, each carrying its values.

::

    AccordError
    |-- InputError          a file, a value or a name that somebody can correct (exit code 2)
    |   |-- AgreementError  every fault of an agreement at once
    |   |-- QualityError    every fault of a quality policy at once
    |   `-- SourceError     a source file, its mapping or one of its rows
    |       `-- FileInMotionError  a file that is still being written; the next run takes it
    |-- LeaseHeldError      another process works on this stage right now
    `-- DeliveryError       a receiving system did not take what was sent

An error's text is one line: what was found, where, what was expected, what to do next.
"""

from __future__ import annotations

from accord.findings import Finding


class AccordError(Exception):
    """Anything that Accord raises on purpose."""


class InputError(AccordError):
    """Something given to Accord cannot be used as it stands.

    ``where`` names file, line, column or key; ``found`` what stood there; ``expected`` and
    ``remedy`` what should stand there and how to get there.
    """

    def __init__(self, *, where: str, found: str, expected: str = "", remedy: str = "") -> None:
        self.where = where
        self.found = found
        self.expected = expected
        self.remedy = remedy
        parts = [f"{where}: {found}"]
        if expected:
            parts.append(f"expected {expected}")
        if remedy:
            parts.append(remedy)
        super().__init__("; ".join(parts))


class AgreementError(InputError):
    """An agreement that cannot be loaded: ``faults`` holds every fault with path and remedy."""

    def __init__(self, *, where: str, faults: tuple[Finding, ...]) -> None:
        self.faults = faults
        listing = "".join(f"\n  {fault}" for fault in faults)
        found = f"{len(faults)} faults{listing}"
        if len(faults) == 1:
            found = str(faults[0]).removeprefix(f"{where}: ")
        super().__init__(where=where, found=found)


class SourceError(InputError):
    """A source that cannot be read as its mapping says; nothing of it was taken.

    ``faults`` holds every fault where it is ``sources.yaml`` itself that is wrong.
    """

    def __init__(
        self,
        *,
        where: str,
        found: str,
        expected: str = "",
        remedy: str = "",
        faults: tuple[Finding, ...] = (),
    ) -> None:
        self.faults = faults
        super().__init__(where=where, found=found, expected=expected, remedy=remedy)


class FileInMotionError(SourceError):
    """A file that changed while it was read, or is too young to be whole: nobody's fault yet."""


class QualityError(InputError):
    """A quality policy that cannot be used: ``faults`` holds every fault with path and remedy."""

    def __init__(self, *, where: str, faults: tuple[Finding, ...]) -> None:
        self.faults = faults
        count = f"{len(faults)} fault" + ("" if len(faults) == 1 else "s")
        super().__init__(where=where, found=count + "".join(f"\n  {fault}" for fault in faults))


class LeaseHeldError(AccordError):
    """Another process holds the lease of a stage; its work goes on, ours waits for the next run."""

    def __init__(self, *, name: str, holder: str) -> None:
        self.name = name
        self.holder = holder
        super().__init__(f"stage {name} is at work elsewhere ({holder}); the next run goes on")


class DeliveryError(AccordError):
    """A receiving system did not take what was sent; ``retry_after`` in seconds if it said so."""

    def __init__(self, *, target: str, found: str, retry_after: float | None = None) -> None:
        self.target = target
        self.found = found
        self.retry_after = retry_after
        super().__init__(f"{target}: {found}")
