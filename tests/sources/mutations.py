"""Small good files in every format, and ways to damage them; the same seed damages alike."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 40
FIELDS = {
    "lead_id": "id",
    "created_at": "at",
    "name": "name",
    "employees": "size",
    "budget": "budget",
    "authority": {"column": "decides", "optional": True},
}
_START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


def records() -> list[dict[str, object]]:
    """A few leads with all that makes a file hard: quotes, line ends, signs, gaps."""
    names = ["Ann", 'Bo "the" Bär', "Cy,\nD.", "Łukasz", "", "é" * 30]
    return [
        {
            "id": 9_007_199_254_740_993_123 + i if i % 2 else f"00{i}",
            "at": (_START + timedelta(hours=i)).isoformat(),
            "name": names[i % len(names)],
            "size": 120 + i,
            "budget": f"{i},234.50",
            "decides": bool(i % 3),
        }
        for i in range(ROWS)
    ]


def as_csv() -> bytes:
    def cell(value: object) -> str:
        text = str(value)
        quoted = '"{}"'.format(text.replace('"', '""'))
        return quoted if set(text) & set('",\n') else text

    lines = [",".join(records()[0])]
    lines += [",".join(cell(value) for value in one.values()) for one in records()]
    return "\n".join(lines).encode()


def as_jsonl() -> bytes:
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in records()).encode()


def as_parquet() -> bytes:
    content = io.BytesIO()
    table = pa.table(
        {name: [str(one[name]) for one in records()] for name in ("id", "name", "budget")}
        | {"at": pa.array([_START + timedelta(hours=i) for i in range(ROWS)])}
        | {"size": pa.array(range(ROWS)), "decides": pa.array([i % 3 == 0 for i in range(ROWS)])}
    )
    pq.write_table(table, content, compression="zstd", row_group_size=16)
    return content.getvalue()


def as_excel() -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(list(records()[0]))
    for one in records():
        at = datetime.fromisoformat(str(one["at"])).replace(tzinfo=None)
        sheet.append([str(one["id"]), at, *list(one.values())[2:]])
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def zstd(content: bytes) -> bytes:
    packed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return packed


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


TEXTS = {"a.csv": as_csv(), "a.jsonl": as_jsonl()}
BINARIES = {"a.parquet": as_parquet(), "a.xlsx": as_excel()}
PACKED = {"a.csv.gz": gzipped, "a.csv.zst": zstd, "a.jsonl.gz": gzipped, "a.jsonl.zst": zstd}
NAMES = (*TEXTS, *BINARIES, *PACKED)

Change = Callable[[random.Random, bytes], bytes]


def _spot(rng: random.Random, content: bytes) -> int:
    return rng.randrange(len(content) + 1)


def flip(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(max(len(content), 1))
    return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]


def insert(rng: random.Random, content: bytes) -> bytes:
    at = _spot(rng, content)
    return content[:at] + rng.randbytes(rng.randrange(1, 9)) + content[at:]


def cut_out(rng: random.Random, content: bytes) -> bytes:
    at = _spot(rng, content)
    return content[:at] + content[at + rng.randrange(1, 60) :]


def cut_short(rng: random.Random, content: bytes) -> bytes:
    return content[: _spot(rng, content)]


def double(rng: random.Random, content: bytes) -> bytes:
    at = _spot(rng, content)
    return content[: at + rng.randrange(60)] + content[at:]


def strew(rng: random.Random, content: bytes) -> bytes:
    """Put signs that mean something to a reader where they do not belong."""
    signs = [b'"', b",", b"\n", b"\r", b"\x00", b"{", b"]", b"\\ud800", b"\xff", b"\xc3", b"1e999"]
    at = _spot(rng, content)
    return content[:at] + rng.choice(signs) + content[at:]


def swap_lines(rng: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def drop_column(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(6)
    lines = [line.split(b",") for line in content.split(b"\n")]
    return b"\n".join(b",".join(line[:at] + line[at + 1 :]) for line in lines)


def swell(rng: random.Random, content: bytes) -> bytes:
    at = _spot(rng, content)
    return content[:at] + rng.choice([b"x", b"7", b'"', b"\n", b"[", b" "]) * 200_000 + content[at:]


def recode(rng: random.Random, content: bytes) -> bytes:
    return content.decode("utf-8", "replace").encode(
        rng.choice(["utf-16", "utf-8-sig", "latin-1", "utf-32"]), "replace"
    )


def change_ends(rng: random.Random, content: bytes) -> bytes:
    return content.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n", b"\x85"]))


ANY: tuple[Change, ...] = (flip, insert, cut_out, cut_short, double)
OF_TEXT: tuple[Change, ...] = (
    *(*ANY, strew, strew, strew),
    *(swap_lines, drop_column, swell, recode, change_ends),
)


def mutated(name: str, rng: random.Random) -> bytes:
    """Damage one good file one to three times; of a packed one the text, the packing or both."""
    content = TEXTS.get(name.removesuffix(".gz").removesuffix(".zst"), b"")
    changes = OF_TEXT if name in TEXTS else ANY
    if name in BINARIES:
        content = BINARIES[name]
    elif name in PACKED:
        if rng.random() < 0.5:
            content = rng.choice(OF_TEXT)(rng, content)
        content = PACKED[name](content)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if name not in PACKED or rng.random() < 0.6:
            content = rng.choice(changes)(rng, content)
    return content


def good(name: str) -> bytes:
    """Return the good file of that name."""
    found = {**TEXTS, **BINARIES}.get(name)
    return PACKED[name](TEXTS[name[: name.rindex(".")]]) if found is None else found
