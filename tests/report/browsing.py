"""A browser for tests: headless Chromium by the W3C WebDriver protocol, without a network.

One ``Browser`` is one chromedriver and one Chromium, both ended by ``close``. It keeps every
request and console message that a page made, which ``open`` starts afresh.
"""

from __future__ import annotations

import functools
import json
import shutil
import socket
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any, Self

import httpx

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
NPM = shutil.which("npm")
PHONE, DESKTOP = (390, 844), (1280, 900)
_START_SECONDS = 30
_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class Browser:
    """A Chromium without a network; use it in a ``with``."""

    def __init__(self, profile: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._driver = subprocess.Popen(
            [str(CHROMEDRIVER), f"--port={port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False
        )
        self._session = ""
        try:
            self._wait()
            self._begin(profile)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session, then the driver, whatever state they are in."""
        try:
            if self._session:
                self._client.delete(self._session)
        finally:
            self._client.close()
            self._driver.terminate()
            self._driver.wait(timeout=20)

    def _wait(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                if self._client.get("/status").json()["value"]["ready"]:
                    return
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.05)

    def _begin(self, profile: Path) -> None:
        wanted = {
            "browserName": "chrome",
            "unhandledPromptBehavior": "ignore",
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
            "goog:chromeOptions": {
                "binary": CHROMIUM,
                "args": [*_FLAGS, f"--user-data-dir={profile}"],
            },
        }
        found = self._post("/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{found['sessionId']}"
        self.cdp("Network.enable")
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.cdp("Network.emulateNetworkConditions", **offline)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(path, json=body).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            message = f"{answer['error']}: {answer['message']}"
            raise RuntimeError(message)
        return answer

    def cdp(self, command: str, **params: Any) -> Any:
        """Give a command of the DevTools protocol; the answer is its result."""
        path = f"{self._session}/goog/cdp/execute"
        return self._post(path, {"cmd": command, "params": params})

    def run(self, script: str, *args: Any) -> Any:
        """Run a script's body in the page; the answer is what it returns, awaited."""
        return self._post(f"{self._session}/execute/sync", {"script": script, "args": list(args)})

    def look(self, size: tuple[int, int], scheme: str = "light", media: str = "screen") -> None:
        """Be a screen of a size (CSS pixels), light or dark, or paper (``media="print"``)."""
        width, height = size
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.cdp("Emulation.setEmulatedMedia", media=media, features=features)

    def open(self, page: Path) -> None:
        """Open a file, with empty logs."""
        self.requests()
        self.messages()
        self._post(f"{self._session}/url", {"url": page.as_uri()})

    def requests(self) -> list[str]:
        """Return the addresses asked for since the last look."""
        logged = self._post(f"{self._session}/se/log", {"type": "performance"})
        events = [json.loads(entry["message"])["message"] for entry in logged]
        sent = [one for one in events if one["method"] == "Network.requestWillBeSent"]
        return [one["params"]["request"]["url"] for one in sent]

    def messages(self) -> list[str]:
        """Return what the console showed since the last look."""
        logged = self._post(f"{self._session}/se/log", {"type": "browser"})
        return [f"{entry['level']}: {entry['message']}" for entry in logged]

    def tab(self) -> None:
        """Press Tab."""
        for kind in ("rawKeyDown", "keyUp"):
            self.cdp(
                "Input.dispatchKeyEvent",
                type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9,
            )  # fmt: skip

    def axe(self, source: str) -> list[dict[str, Any]]:
        """Return axe-core's violations: ``id``, ``impact`` and the nodes' selectors."""
        self.run(f"{source}; window.axe = axe")
        return self.run(
            "return axe.run(document, {resultTypes: ['violations']}).then(found =>"
            " found.violations.map(one => ({id: one.id, impact: one.impact,"
            " nodes: one.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary)})))"
        )


@functools.cache
def axe_source(folder: Path) -> str | None:
    """Return axe-core's script as npm hands it out; None where npm is missing or has no way out."""
    if NPM is None:
        return None
    try:
        packed = subprocess.run(
            [NPM, "pack", "axe-core@4.14.1", "--silent", "--cache", str(folder / "cache")],
            cwd=folder, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        with script:
            return script.read().decode("utf-8")
