"""Commands that lead won money back to what marketing handed over, and say what it is paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import App, Parameter

from accord.cli.app import DONE, instant, open_workspace, say, say_json, say_rows, say_table
from accord.cli.stages import AsJson, AsOf

Row = Mapping[str, Any]

_DEALS = (
    *("closed_at", "deal_id", "amount", "lead_id", "handoff", "channel", "campaign"),
    *("marketing_team", "marketing_touch", "sales_touch", "why"),
)
_LINES = (
    *("at", "kind", "handoff_id", "deal_id", "marketing_team", "channel", "campaign"),
    *("agreement", "rate", "base", "amount"),
)


def register(app: App) -> None:
    """Add the commands of this module."""
    app.command(attribution)
    app.command(commission)


def attribution(
    *,
    deal: str | None = None,
    since: Annotated[str | None, Parameter(name="--from")] = None,
    until: Annotated[str | None, Parameter(name="--to")] = None,
    csv: Annotated[bool, Parameter(negative="")] = False,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Trace every won amount back to its hand-off, campaign and first touch.

    Parameters
    ----------
    deal
        one deal, with its system: crm:D17
    since
        first day of closing, in the agreement's zone
    until
        last day
    csv
        write the deals into the folder of the reports as well
    """
    from accord.services.attribution import read_attribution, write_attribution

    with open_workspace() as workspace:
        found = read_attribution(
            workspace, deal_id=deal, since=since, until=until, as_of=instant(as_of)
        )
        paths = write_attribution(workspace, found) if csv else ()
    plain = found.as_dict()
    if json:
        say_json(plain)
        return DONE
    if deal is not None:
        _say_deal(plain["deals"][0])
    else:
        _say_deals(plain)
    for path in paths:
        say(f"wrote {path}")
    return DONE


def _say_deals(found: Row) -> None:
    if not found["deals"]:
        say("no deal was won")
        return
    say_table([_deal_row(row) for row in found["deals"]], _DEALS)
    currency, revenue = found["currency"], found["revenue"]
    count = _deals(len(found["deals"]))
    say(f"won: {currency} {revenue} in {count}; traced: {found['traced']}")
    unpriced = sum(row["amount"] is None for row in found["deals"])
    if unpriced:
        say(f"without a stated amount: {_deals(unpriced)}")
    for row in found["untraced"]:
        say(f"untraced, {_words(row['why'])}: {row['amount']} in {_deals(row['deals'])}")


def _deals(count: int) -> str:
    return "1 deal" if count == 1 else f"{count} deals"


def _deal_row(row: Row) -> Row:
    handoff = row["handoff_at_mql"]
    return {
        **row,
        "handoff": None if handoff is None else handoff["handoff_id"],
        "marketing_touch": _touch(row["first_marketing_touch"]),
        "sales_touch": _touch(row["first_sales_touch"]),
        "why": None if row["why"] is None else _words(row["why"]),
    }


def _say_deal(row: Row) -> None:
    told = {name: _told(name, value) for name, value in row.items()}
    for name, value in told.items():
        say(f"{_words(name):<22} {'none' if value is None else value}")


def _told(name: str, value: Any) -> Any:
    if name.endswith("_touch"):
        return _touch(value)
    return " ".join(value.values()) if isinstance(value, Mapping) else value


def _touch(touch: Row) -> str:
    from accord.metrics import shown

    if touch["missing"] is not None:
        return f"none: {_words(touch['missing'])}"
    days = touch["days_to_closing"]
    before = "" if days is None else f", {shown(days, 1)} days before"
    return f"{touch['kind']} {touch['at']}{before}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def commission(
    *,
    period: str | None = None,
    lines: Annotated[bool, Parameter(negative="")] = False,
    csv: Annotated[bool, Parameter(negative="")] = False,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """State what marketing is paid for a period, by the agreements that were in force in it.

    Parameters
    ----------
    period
        a week, month or quarter: 2026-W46, 2026-11, 2026-Q4; the week of yesterday if not given
    lines
        every line, not only the sums
    csv
        write the statement into the folder of the reports as well
    """
    from accord.services.commission import read_commission, write_commission

    with open_workspace() as workspace:
        found = read_commission(workspace, period=period, as_of=instant(as_of))
        paths = write_commission(workspace, found) if csv else ()
    plain = found.as_dict()
    if json:
        say_json(plain)
        return DONE
    _say_statement(plain)
    if lines:
        say()
        say_table(plain["lines"], _LINES)
    for path in paths:
        say(f"wrote {path}")
    return DONE


def _say_statement(found: Row) -> None:
    so_far = ", so far" if found["partial"] else ""
    say(f"commission of marketing, {found['period']}{so_far}: {found['currency']} {found['total']}")
    for name in ("kind", "marketing_team", "campaign"):
        say(f"by {_words(name)}:")
        say_rows([{**row, "member": row["member"] or "(none)"} for row in found["by"][name]])
    unpriced = sum(line["base"] is None for line in found["lines"])
    if unpriced:
        say(f"without a stated amount: {_deals(unpriced)}, paid nothing")
    if found["unagreed"]:
        say(f"{found['unagreed']} more while no agreement was in force: not paid")
    for version in found["unsigned_versions"]:
        say(f"at rates of version {version}, which both sides have not signed")
    for one in found["issued"]:
        say(f"revision {one['revision']}, stored at {one['computed_at']}: {one['amount']}")
    for one in found["changes"]:
        say(f"{one['marketing_team'] or 'total'}: was {_amount(one['was'])}, is {one['is']}"
            f" ({one['difference']:+})")  # fmt: skip
    for one in found["corrections_of_earlier_weeks"]:
        say(f"correction of {one['period']} at {one['at']}: was {_amount(one['was'])},"
            f" is {one['is']} ({one['difference']:+})")  # fmt: skip


def _amount(value: object) -> object:
    return "nothing" if value is None else value
