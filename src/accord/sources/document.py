"""Reading ``sources.yaml``: YAML 1.2 to a checked :class:`Sources`, or every fault at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node

from accord.errors import SourceError
from accord.findings import Finding
from accord.repeated_keys import find_repeated_keys
from accord.sources.model import Source, Sources
from accord.sources.overlap import overlap
from accord.sources.shape import fault, nearest, read_entry

_KEYS = ("sources", "left_out")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def read_sources(path: str | Path, environment: Mapping[str, str]) -> Sources:
    """Read and check the sources in a file, and the files that it leaves out.

    A relative path starts in its folder. ``${NAME}`` in a path is taken from ``environment``; one
    that begins with a variable starts in the working folder. Raises SourceError whose ``faults``
    are all that was found wrong, each with its path and remedy.
    """
    file = Path(path)
    text = _read_text(file)
    named = sorted(set(_VARIABLE.findall(text)) & environment.keys())
    return _sources_of(text, file, tuple((name, environment[name]) for name in named))


@lru_cache(maxsize=8)
def _sources_of(text: str, file: Path, variables: tuple[tuple[str, str], ...]) -> Sources:
    """Parse and check a text; the same text is not parsed on every tick."""
    environment = dict(variables)
    content, faults = _parse(text, where=str(file))
    entries = content.get("sources") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        remedy = "Write sources: and a list."
        raise _error(file, [fault("sources", "is not the one list of sources", remedy)])
    faults += [
        fault(str(key), "is not known here", nearest(str(key), _KEYS))
        for key in content.keys() - set(_KEYS)
    ]
    sources = []
    for index, entry in enumerate(entries):
        source, found = _read_source(entry, index, file.parent, environment)
        faults += found
        sources += [source] if source is not None else []
    faults += list(_repeated_names(entries))
    left_out, found = _read_left_out(content.get("left_out", {}), sources, file.parent, environment)
    faults += found
    if faults:
        raise _error(file, faults)
    return Sources(sources=tuple(sources), left_out=left_out, folder=file.parent)


def _read_text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        remedy = "write one, or name another by --sources or ACCORD_SOURCES"
        raise SourceError(where=str(file), found="is not there", remedy=remedy) from None
    except UnicodeDecodeError as error:
        found = f"is no UTF-8 text at byte {error.start}"
        raise SourceError(where=str(file), found=found, remedy="save it as UTF-8") from None
    except OSError as error:
        raise SourceError(where=str(file), found=f"cannot be read: {error.strerror}") from None


def _parse(text: str, *, where: str) -> tuple[Any, list[Finding]]:
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True  # they are faults of ours, found below with the others
    try:
        node = yaml.compose(text)
        faults = list(_repeated_keys(node)) if node is not None else []
        return yaml.constructor.construct_document(node) if node is not None else None, faults
    except (YAMLError, ValueError, RecursionError) as error:
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        place = f"{where} line {mark.line + 1}" if mark is not None else where
        found = f"is no YAML: {problem}"
        raise SourceError(where=place, found=found, remedy="correct the text there") from None


def _repeated_keys(node: Node) -> Iterator[Finding]:
    for path, line in find_repeated_keys(node):
        yield fault(path, f"stands twice, again in line {line}", "Keep one of them.")


def _read_source(
    entry: Any, index: int, folder: Path, environment: Mapping[str, str]
) -> tuple[Source | None, list[Finding]]:
    name = entry.get("name") if isinstance(entry, dict) else None
    here = f"sources.{name}" if isinstance(name, str) else f"sources[{index}]"
    source, faults = read_entry(entry, here=here)
    if source is None:
        return None, faults
    places = {key: _expand(place, folder, environment) for key, place in source.places.items()}
    for key, place in places.items():
        faults += _unset(f"{here}.files.{key}" if key else f"{here}.path", place)
    changes = {"path": places[""]} if "" in places else {"files": places or source.files}
    return source.model_copy(update=changes), faults


def _unset(path: str, place: str) -> list[Finding]:
    return [
        fault(path, f"names {variable}, which is not set", "Set it in the environment.")
        for variable in _VARIABLE.findall(place)
    ]


def _read_left_out(
    entries: Any, sources: Sequence[Source], folder: Path, environment: Mapping[str, str]
) -> tuple[Mapping[str, str], list[Finding]]:
    """Read the files that are no source: place -> reason, and every fault."""
    if not isinstance(entries, dict):
        remedy = "Write left_out: and a map, a file: the reason in a sentence."
        return {}, [fault("left_out", "is no map of files to reasons", remedy)]
    mapped = {place: source.name for source in sources for place in source.places.values()}
    places, faults = {}, []
    for written, reason in entries.items():
        path, place = f"left_out.{written}", _expand(str(written), folder, environment)
        places[place] = str(reason)
        faults += _unset(path, place)
        if not isinstance(reason, str) or not reason.strip():
            remedy = "Say in a sentence why it is no source."
            faults.append(fault(path, "has no reason", remedy))
        for source in dict.fromkeys(name for at, name in mapped.items() if overlap(at, place)):
            found = f"is read by sources.{source}"
            faults.append(fault(path, found, "Leave one of them out."))
    return places, faults


def _expand(place: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Put variables in; unset ones stay as written.

    A relative place starts in the folder of ``sources.yaml``; one that begins with a variable, in
    the working folder, as whoever set the variable meant it.
    """
    expanded = _VARIABLE.sub(lambda found: environment.get(found[1]) or found[0], place)
    if "://" in expanded or place.startswith("${"):
        return expanded
    return str(folder / expanded)


def _repeated_names(entries: list[Any]) -> Iterator[Finding]:
    names = [entry.get("name") for entry in entries if isinstance(entry, dict)]
    for name in dict.fromkeys(name for name in names if isinstance(name, str)):
        if names.count(name) > 1:
            yield fault(f"sources.{name}", "is the name of two sources", "Rename one of them.")


def _error(file: Path, faults: list[Finding]) -> SourceError:
    count = f"{len(faults)} fault" + ("" if len(faults) == 1 else "s")
    listing = "".join(f"\n  {fault}" for fault in faults)
    return SourceError(where=str(file), found=count + listing, faults=tuple(faults))
