"""The page in a real browser, without a network: no sideways scrolling at any width."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from accord.services.report import write_report
from accord.services.settings import Settings
from accord.services.workspace import Workspace
from tests.conftest import ROOT
from tests.metrics.company import AS_OF, Company

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_PROBE = "<script>document.title = document.documentElement.scrollWidth</script></body>"
_FRAME = """<iframe id="f" src="page.html" style="width:{width}px;height:900px;border:0"></iframe>
<script>document.getElementById("f").onload = () => {{
  document.title = document.getElementById("f").contentDocument.title }}</script>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("browser")
    settings = Settings(home=home / "home", agreement=ROOT / "agreement.yaml", _env_file=None)
    workspace = Workspace.open(settings)
    Company(leads=300, seed=5).write(workspace.ledger)
    html = write_report(workspace, as_of=AS_OF).read_text("utf-8")
    workspace.close()
    (home / "page.html").write_text(html.replace("</body>", _PROBE), "utf-8")
    return home


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_does_not_scroll_sideways(folder, width):
    frame = folder / f"frame{width}.html"
    frame.write_text(_FRAME.format(width=width), "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [str(CHROMIUM), *flags, profile, "--window-size=1400,1000", "--dump-dom"]
    found = subprocess.run(
        [*command, frame.as_uri()], capture_output=True, text=True, timeout=60, check=True
    )
    (scroll_width,) = re.findall(r"<title>(\d+)", found.stdout)
    assert int(scroll_width) <= width
