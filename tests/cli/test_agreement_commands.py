"""The agreement on the command line, in a folder like a fresh clone and after some work."""

from __future__ import annotations

import json
import webbrowser

import pytest

LEADS = (
    "id,created,email,title,industry,employees,country\n"
    "1,2026-11-19 09:00,p1@example-1.com,VP Sales,software,500,US\n"
)
CALL = '{"id": "a1", "lead": "1", "kind": "demo_requested", "at": "2026-11-19T15:00:00Z"}\n'
AS_OF = ("--as-of", "2026-11-20T12:00:00Z")


def change(folder, *changes: tuple[str, str], to: str = "agreement.yaml") -> None:
    text = (folder / "agreement.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / to).write_text(text, encoding="utf-8")


@pytest.fixture
def worked(accord, folder):
    (folder / "inbox" / "leads-1.csv").write_text(LEADS)
    (folder / "inbox" / "activities-1.jsonl").write_text(CALL)
    (folder / "inbox" / "reps-1.csv").write_text(
        "id,name,email,role,team\nr1,Ann Rep,ann@example.com,sdr,inbound\n"
    )
    code, _, err = accord("run", *AS_OF)
    assert (code, err) == (0, "")


def test_a_fresh_clone_shows_its_agreement_without_init(accord, folder):
    code, out, err = accord("agreement", "show")
    assert (code, err) == (0, "")
    assert out.startswith("# Service-level agreement between marketing and sales\n")
    assert "| small | 220 | 66 | 46 | 28 | 17 | 15 | 10,000 USD |" in out
    assert "named in the document" in out
    assert not (folder / ".accord").exists()


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("html", "<!doctype html>"),
        ("markdown", "# Service"),
        ("yaml", "# yaml-language-server"),
        ("json", "{"),
    ],
)
def test_each_form_is_printed_or_written_by_the_ending_of_its_file(accord, folder, form, start):
    _, printed, _ = accord("agreement", "show", "--as", form)
    assert printed.startswith(start)
    ending = {"markdown": "md"}.get(form, form)
    code, out, _ = accord("agreement", "show", "--out", f"docs/sla.{ending}")
    assert (code, out) == (0, f"docs/sla.{ending}\n")
    assert (folder / "docs" / f"sla.{ending}").read_text(encoding="utf-8").startswith(start)


def test_a_file_without_an_ending_takes_the_form_that_is_asked_for(accord, folder):
    assert accord("agreement", "show", "--out", "sla", "--as", "yaml")[:2] == (0, "sla\n")
    assert (folder / "sla").read_text(encoding="utf-8").startswith("# yaml-language-server")


def test_as_json_all_values_stand_with_fingerprint_and_signatures(accord):
    _, out, _ = accord("agreement", "show", "--json")
    found = json.loads(out)
    assert found["sla"]["sales"]["first_touch"]["within"] == "5m"
    assert len(found["fingerprint"]) == 64
    assert found["signatures"]["sales"]["name"] == "VP Sales"


def test_open_writes_the_page_and_opens_it(accord, folder, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    code, out, _ = accord("agreement", "show", "--open")
    assert code == 0
    page = folder / out.strip()
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert opened == [page.resolve().as_uri()]


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (("show", "--version", "2026.4"), "no ledger here yet"),
        (("show", "agreement.yaml", "--version", "x"), "one of them"),
        (("show", "--json", "--as", "html"), "one of them"),
        (("show", "--open", "--as", "yaml"), "html"),
        (("show", "nowhere.yaml"), "nowhere.yaml"),
        (("show", "--out", "agreement.yaml/x.md"), "--out"),
        (("show", "--out", "sla.pdf"), "ends in .pdf"),
        (("show", "--out", "sla"), "ends in nothing"),
        (("show", "--out", "sla.pdf", "--as", "html"), "among .html, .htm"),
        (("show", "--out", "sla.html", "--as", "markdown"), "the form is markdown"),
        (("show", "--out", "sla.md", "--json"), "among .json"),
        (("diff",), "accord agreement diff OLD NEW"),
        (("diff", "agreement.yaml", "nowhere.yaml"), "nowhere.yaml"),
        (("schema", "--out", "agreement.yaml/s.json"), "--out"),
        (("sign", "nowhere.yaml", "--as", "sales", "--name", "x"), "nowhere.yaml"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(accord, tokens, words):
    code, out, err = accord("agreement", *tokens)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_two_files_are_compared_without_init(accord, folder):
    change(folder, ("hold_at_most: 5d", "hold_at_most: 28d"), to="next.yaml")
    code, out, _ = accord("agreement", "diff", "agreement.yaml", "next.yaml")
    assert code == 0
    assert "- Hand-over, hold a lead at most: 5 days -> 28 days.\n" in out
    assert "Effect" not in out
    assert accord("agreement", "diff", "next.yaml")[1] == out
    assert accord("agreement", "diff", "next.yaml", "next.yaml")[1].endswith("say the same.\n")
    assert not (folder / ".accord").exists()


def test_a_changed_file_is_compared_with_what_was_signed_and_its_effect_told(
    worked, accord, folder
):
    change(
        folder,
        ("within: 5m", "within: 10m"),
        ("hot:     {fit: {gte: 30}", "hot:     {fit: {gte: 90}"),
    )
    _, out, _ = accord("agreement", "diff", *AS_OF)
    assert "- Sales' term first_touch, time allowed: 5 minutes -> 10 minutes.\n" in out
    assert "- 0 would become hot and 1 cease to be hot.\n" in out
    assert "1 of 1 for first_touch" in out
    _, out, _ = accord("agreement", "diff", "--no-leads", *AS_OF)
    assert "Effect" not in out
    _, out, _ = accord("agreement", "diff", "--json", *AS_OF)
    assert json.loads(out)["effect"]["hot_lost"] == ["crm:1"]


def test_neither_showing_nor_comparing_a_file_makes_it_seen(worked, accord, folder):
    change(folder, ('version: "2026.4"', 'version: "2026.5"'))
    accord("agreement", "diff", *AS_OF)
    assert "# Service-level agreement" in accord("agreement", "show")[1]
    _, out, _ = accord("agreement", "versions", *AS_OF, "--json")
    assert {one["version"]: one["seen_at"] is None for one in json.loads(out)} == {
        "2026.5": True,
        "2026.4": False,
    }


def test_signing_says_what_was_signed_and_who_is_missing(worked, accord, folder):
    change(
        folder,
        ('version: "2026.4"', 'version: "2026.5"'),
        ("  - {team: marketing, name: VP Marketing, date: 2026-09-24}\n", ""),
        ("  - {team: sales, name: VP Sales, date: 2026-09-25}\n", ""),
        ("signed_by:    ", "signed_by: []  #"),
        to="next.yaml",
    )
    code, out, err = accord("agreement", "sign", "next.yaml", "--as", "sales", "--name", "Bo")
    assert code == 0
    assert out.startswith("version 2026.5 is signed by sales (Bo, ")
    assert "in effect from 2026-10-01" in out
    assert "marketing has not signed version 2026.5" in err
    _, out, err = accord("agreement", "sign", "next.yaml", "--as", "marketing", "--name", "Al")
    assert out.endswith("both sides have signed it\n")
    assert err == ""
    _, out, _ = accord("agreement", "show", "--version", "2026.5")
    assert "| sales | Bo |" in out
    _, out, _ = accord("agreement", "sign", "next.yaml", "--as", "sales", "--name", "Bo", "--json")
    assert (json.loads(out)["name"], json.loads(out)["missing"]) == ("Bo", [])


def test_a_copy_with_the_old_names_is_warned_of_and_signed_by_nobody_but_who_signs(
    worked, accord, folder
):
    new = ('version: "2026.4"', 'version: "2026.5"')
    change(
        folder, new, ("effective_from: 2026-10-01", "effective_from: 2026-11-01"), to="next.yaml"
    )
    code, out, _ = accord("agreement", "check", "next.yaml")
    assert code == 0
    assert (
        "warning: signed_by: names VP Sales for sales on 2026-09-25, as version 2026.4 does" in out
    )
    _, out, _ = accord("agreement", "check", "next.yaml", "--json")
    rules = [one["rule"] for one in json.loads(out)["warnings"]]
    assert rules.count("agreement.doubtful_signature") == 2
    _, out, _ = accord("agreement", "diff", "next.yaml", "--no-leads", *AS_OF)
    assert "\nLook again\n- signed_by: names VP Marketing for marketing" in out
    _, out, _ = accord("agreement", "diff", "next.yaml", "--no-leads", *AS_OF, "--json")
    assert len(json.loads(out)["warnings"]) == 2

    code, out, err = accord("agreement", "sign", "next.yaml", "--as", "sales", "--name", "B. Jones")
    assert code == 0
    assert "signed by sales (B. Jones, " in out
    assert "both sides" not in out
    assert "marketing has not signed version 2026.5" in err
    code, _, err = accord("agreement", "sign", "next.yaml", "--as", "sales", "--name", "C. Doe")
    assert code == 2
    assert "is signed by B. Jones for sales already" in err


def test_a_version_that_was_changed_after_signing_cannot_be_signed(worked, accord, folder):
    change(folder, ("within: 5m", "within: 10m"))
    code, _, err = accord("agreement", "sign", "--as", "sales", "--name", "Bo")
    assert code == 2
    assert "give the changed agreement a new version:" in err
    _, out, _ = accord("agreement", "show")
    assert "changed since signed" in out


def test_versions_say_who_signed_and_how_many_were_handed_over(worked, accord):
    _, out, _ = accord("agreement", "versions", *AS_OF)
    header, row = out.splitlines()
    assert header.split("\t")[-1] == "hand-offs"
    assert row.split("\t")[0] == "2026.4"
    assert row.split("\t")[-1] == "1"
    assert "signed (VP Sales, 2026-09-25)" in row


def test_before_init_the_files_version_is_listed(accord, folder):
    _, out, _ = accord("agreement", "versions", "--json")
    (found,) = json.loads(out)
    assert (found["version"], found["seen_at"], found["handoffs"]) == ("2026.4", None, 0)
    assert found["signatures"]["sales"]["state"] == "named in the document"
    assert not (folder / ".accord").exists()


def test_the_schema_is_printed_or_written(accord, folder):
    _, printed, _ = accord("agreement", "schema")
    assert json.loads(printed)["$schema"].endswith("2020-12/schema")
    assert accord("agreement", "schema", "--out", "s.json")[1] == "s.json\n"
    assert (folder / "s.json").read_text(encoding="utf-8") == printed
