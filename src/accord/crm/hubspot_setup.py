"""Our properties in a HubSpot account: which are missing, and making them on request."""

from __future__ import annotations

from collections.abc import Mapping

from accord.crm.hubspot_fields import PROPERTIES, STAGE, definition
from accord.crm.hubspot_send import TARGET, HubspotSender
from accord.errors import DeliveryError

_GROUP = "accord"
_STAGES_OF = "ACCORD_HUBSPOT_STAGES"


def missing_properties(sender: HubspotSender) -> dict[str, tuple[str, ...]]:
    """Return the names of our properties that an account lacks, by object; none if it has all.

    A property of ours that is there without being unique, where it must be, counts as missing:
    without that a hand-off could be there twice.
    """
    missing = {kind: _missing(sender, kind, ours) for kind, ours in PROPERTIES.items()}
    return {kind: names for kind, names in missing.items() if names}


def check_properties(sender: HubspotSender) -> None:
    """DeliveryError, naming each property that is missing and how to make it."""
    missing = missing_properties(sender)
    if not missing:
        return
    listing = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in missing.items())
    remedy = "let accord doctor --create make them, or make them in Settings > Properties"
    unique = [
        f"{kind}.{name}"
        for kind, names in missing.items()
        for name in names
        if PROPERTIES[kind][name][1] == "unique"
    ]
    rule = f", {' and '.join(unique)} requiring unique values" if unique else ""
    found = f"the account lacks properties that hand-offs need ({listing}); {remedy}{rule}"
    raise DeliveryError(target=TARGET, found=found)


def check_stages(sender: HubspotSender, stages: Mapping[str, str]) -> None:
    """DeliveryError, naming each of our stages whose word is no lifecycle stage of the account."""
    defined = {str(one.get("name")): one for one in sender.get("properties", "/contacts")}
    options = defined.get(STAGE, {}).get("options") or ()
    known = [str(one.get("value")) for one in options]
    wrong = [f"{ours}: {theirs!r}" for ours, theirs in stages.items() if theirs not in known]
    if known and wrong:
        found = f"the account has no lifecycle stage of that name ({', '.join(wrong)})"
        listed = ", ".join(known)
        raise DeliveryError(target=TARGET, found=f"{found}; set {_STAGES_OF}: it has {listed}")


def create_properties(sender: HubspotSender) -> dict[str, tuple[str, ...]]:
    """Make what is missing, in a group of its own, and return it; what is there stays as it is.

    DeliveryError if HubSpot refuses, as it does where a property of that name is not unique.
    """
    missing = missing_properties(sender)
    for kind, names in missing.items():
        if _GROUP not in {one.get("name") for one in sender.get("properties", f"/{kind}/groups")}:
            group = {"name": _GROUP, "label": "Accord"}
            sender.post("properties", f"/{kind}/groups", group)
        sender.post(
            "properties",
            f"/{kind}/batch/create",
            {"inputs": [_definition(kind, name) for name in names]},
        )
    return missing


def _definition(kind: str, name: str) -> dict[str, object]:
    label, form = PROPERTIES[kind][name]
    return definition(name, label=label, kind=form, group=_GROUP)


def _missing(
    sender: HubspotSender, kind: str, ours: Mapping[str, tuple[str, str]]
) -> tuple[str, ...]:
    there = {str(one.get("name")): one for one in sender.get("properties", f"/{kind}")}
    return tuple(
        name
        for name, (_, form) in ours.items()
        if name not in there or (form == "unique" and not there[name].get("hasUniqueValue"))
    )
