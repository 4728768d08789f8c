"""How many records each source of each example must give, counted a second time.

By pandas over the same files, sharing nothing with the readers, the mapping or its queries:
``counts(example, data)`` gives source -> rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

Counts = dict[str, int]


def raw(path: Path) -> pd.DataFrame:
    """Read a file as text, nothing taken for missing."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _kept(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame[frame[column].str.lower() != "true"]


def hubspot(data: Path) -> Counts:
    """22 contacts less the three that another lists as merged into it, and so on."""

    def table(name: str) -> pd.DataFrame:
        return raw(data / "fivetran_crm_seeds" / "hubspot" / f"{name}_data.csv")

    contacts, links = table("contact"), table("engagement_contact")
    gone = {one for cell in contacts["property_hs_merged_object_ids"] for one in cell.split(";")}
    gone |= set(table("contact_merge_audit")["vid_to_merge"])
    deals = set(_kept(table("deal"), "is_deleted")["deal_id"]) | set(table("deal_stage")["deal_id"])
    engaged = pd.concat(table(f"engagement_{kind}") for kind in ("call", "email", "meeting"))
    engaged = pd.concat([engaged, table("engagement_communication")])
    tickets = table("ticket_contact")["ticket_id"].isin(table("ticket")["id"])
    return {
        "owners": len(table("owner")),
        "contacts": int((~contacts["id"].isin(gone)).sum()),
        "form_submissions": len(table("contact_form_submission")),
        "email_events": len(_kept(table("email_event"), "filtered_event")),
        "list_members": len(table("contact_list_member")),
        "tickets": int(tickets.sum()),
        "engagements": len(engaged.merge(links, on="engagement_id")),
        "deals": len(deals - set(table("merged_deal")["merged_deal_id"])),
    }


def salesforce(data: Path) -> Counts:
    """No task of the export says that it was a call or a mail; all its deals are deleted."""

    def table(name: str) -> pd.DataFrame:
        return raw(data / "fivetran_crm_seeds" / "salesforce" / f"sf_{name}_data.csv")

    leads, contacts = table("lead"), table("contact")
    tasks, events = _kept(table("task"), "is_deleted"), _kept(table("event"), "is_deleted")
    attempts = tasks["task_subtype"].isin({"Call", "Email", "List Email"})
    attempts |= tasks["type"].isin({"Call", "Email"})
    return {
        "users": len(_kept(table("user"), "_fivetran_deleted")),
        "leads": len(_kept(leads, "is_deleted")),
        "contacts": len(contacts[~contacts["id"].isin(leads["converted_contact_id"])]),
        "attempts": int(attempts.sum()),
        "other_tasks": int((~attempts).sum()),
        "events": len(_kept(events, "is_child")),
        "opportunities": len(_kept(table("opportunity"), "is_deleted")),
    }


def marketo(data: Path) -> Counts:
    """Six kinds of activity; a send that was skipped is none."""

    def table(name: str) -> pd.DataFrame:
        return raw(data / "fivetran_crm_seeds" / "marketo" / f"marketo_{name}_data.csv")

    kinds = ("email_delivered", "email_bounced", "open_email", "click_email", "unsubscribe_email")
    sent = table("activity_send_email")
    activities = sum(len(table(f"activity_{kind}")) for kind in kinds)
    skipped = (sent["action_result"] == "skipped").sum()
    return {
        "leads": len(table("lead")),
        "email_activities": activities + len(sent) - int(skipped),
    }


def pardot(data: Path) -> Counts:
    """78 of 100 prospects lie in the recycle bin; every activity names a prospect."""

    def table(name: str) -> pd.DataFrame:
        return raw(data / "fivetran_crm_seeds" / "pardot" / f"pardot_{name}_data.csv")

    return {
        "prospects": len(_kept(table("prospect"), "_fivetran_deleted")),
        "visitor_activities": int((table("visitor_activity")["prospect_id"] != "").sum()),
        "list_memberships": len(table("list_membership")),
        "opportunities": len(table("opportunity")),
    }


def zendesk(data: Path) -> Counts:
    """Nobody who wrote a comment is among the users; two agents wrote in a chat."""

    def table(name: str) -> pd.DataFrame:
        return raw(data / "fivetran_crm_seeds" / "zendesk" / f"{name}_data.csv")

    users, comments, chats = table("user"), table("ticket_comment"), table("ticket_chat_event")
    agents = users[users["role"] != "end-user"]
    by_agent = comments["user_id"].isin(agents["id"])
    messages = chats[(chats["type"] == "ChatMessage") & chats["actor_id"].str.startswith("agent:")]
    return {
        "agents": len(agents),
        "end_users": len(users) - len(agents),
        "tickets": int((table("ticket")["status"] != "deleted").sum()),
        "comments": int((~by_agent).sum()),
        "answers": int(by_agent.sum()),
        "chats": len(table("ticket_chat")),
        "chat_messages": len(messages),
    }


def x_education(data: Path) -> Counts:
    """One row a lead."""
    return {"leads": len(raw(data / "x_education" / "Leads.csv.gz"))}


def olist(data: Path) -> Counts:
    """Everybody a won deal names is a rep."""
    folder = data / "olist_funnel"
    deals = raw(folder / "olist_closed_deals_dataset.csv")
    leads = raw(folder / "olist_marketing_qualified_leads_dataset.csv")
    people = set(deals["sr_id"]) | set(deals["sdr_id"])
    return {"reps": len(people), "qualified_leads": len(leads), "won_deals": len(deals)}


def maven(data: Path) -> Counts:
    """Managers are named by their sellers."""
    teams = raw(data / "maven_crm" / "sales_teams.csv")
    return {
        "managers": teams["manager"].nunique(),
        "sellers": len(teams),
        "deals": len(raw(data / "maven_crm" / "sales_pipeline.csv")),
    }


def bpi2012(data: Path) -> Counts:
    """One log, asked five questions."""
    events = raw(data / "bpi_challenge_2012" / "bpi2012_events.csv.gz")
    calls = events[events["activity"] == "W_Afhandelen leads"]
    begun = calls[calls["lifecycle"] == "START"]
    ends = {"A_ACCEPTED", "A_APPROVED", "A_REGISTERED", "A_ACTIVATED", "A_DECLINED", "A_CANCELLED"}
    return {
        "people": begun.loc[begun["resource"] != "", "resource"].nunique(),
        "applications": events["case_id"].nunique(),
        "queued_calls": calls.loc[calls["lifecycle"] == "SCHEDULE", "case_id"].nunique(),
        "calls": begun["case_id"].nunique(),
        "applications_decided": events.loc[events["activity"].isin(ends), "case_id"].nunique(),
    }


COUNTS: dict[str, Callable[[Path], Counts]] = {
    count.__name__: count
    for count in (
        hubspot,
        salesforce,
        marketo,
        pardot,
        zendesk,
        x_education,
        olist,
        maven,
        bpi2012,
    )
}
"""Every shipped example."""
