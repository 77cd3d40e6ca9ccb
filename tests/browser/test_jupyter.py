"""The notebooks in JupyterLab: the chapters with the extension, what is handed out without it."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from classroom.hand_out import student
from tests.environment import ROOT, built_site

SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # every cell at once
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
# Text that is not part of a program, an output or a formula.
SHOWN = ".jp-MarkdownOutput, .jp-MarkdownCell .myst"
PROSE = """shown => [...document.querySelectorAll(shown)].map(cell => {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll("pre, code, mjx-container, .katex, math").forEach(part => part.remove());
  return copy.textContent;
}).join("\\n")"""
SETTLED = """shown => {
  const cells = document.querySelectorAll(".jp-MarkdownCell").length;
  return cells > 30 && document.querySelectorAll(shown).length >= cells
    && document.querySelectorAll("mjx-container, .katex").length > 60;
}"""


@pytest.fixture
def lab(tmp_path):
    """Start JupyterLab on a folder, with its extensions or without; returns the address."""
    running = []

    def start(folder, extensions):
        for name, settings in SETTINGS.items():
            place = tmp_path / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            place.parent.mkdir(parents=True)
            place.write_text(json.dumps(settings))
        (tmp_path / "labconfig").mkdir()
        disabled = {} if extensions else {"jupyterlab-myst": True}
        page = json.dumps({"disabledExtensions": disabled})
        (tmp_path / "labconfig" / "page_config.json").write_text(page)
        with socket.create_server(("localhost", 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
             "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"],
            env=os.environ | {
                "JUPYTER_CONFIG_DIR": str(tmp_path),
                "JUPYTER_DATA_DIR": str(tmp_path / "data"),
                "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
                "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
                "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        running.append(process)
        wait_for(f"http://localhost:{port}/api")
        return f"http://localhost:{port}"

    yield start
    for process in running:
        process.terminate()
        process.wait()


def wait_for(address, seconds=60):
    for _ in range(4 * seconds):
        try:
            return urllib.request.urlopen(address)
        except urllib.error.URLError:
            time.sleep(0.25)
    raise TimeoutError(f"{address} does not answer")


@pytest.fixture
def opened(browser, lab):
    """A notebook as JupyterLab shows it; what the browser asks of other hosts is refused."""
    contexts = []

    def open_notebook(folder, notebook, extensions):
        home = lab(folder, extensions)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        context.route(
            lambda url: not url.startswith((home, "data:", "blob:")), lambda route: route.abort()
        )
        page = context.new_page()
        page.goto(f"{home}/doc/tree/{notebook}?reset", timeout=60_000)
        page.wait_for_function(SETTLED, arg=SHOWN, timeout=120_000)
        return page

    yield open_notebook
    for context in contexts:
        context.close()


def test_what_is_handed_out_reads_well_without_an_extension(opened, tmp_path):
    built_site()
    student.write_notebooks(tmp_path / "student", student.read_numbering())
    notebook = "chapters/02-gradient-descent.ipynb"
    written = (tmp_path / "student" / notebook).read_text(encoding="utf-8")
    page = opened(tmp_path / "student", notebook, False)
    prose = page.evaluate(PROSE, SHOWN)
    assert not re.search(r":::|```|\{[a-z:]+\}|\*\*|::\w+:|\$", prose)
    assert page.locator("mjx-merror, .katex-error").count() == 0
    theorem = page.locator("blockquote", has_text="Theorem 2.1 (Descent lemma).")
    assert "(2.3)" in theorem.inner_text().replace("\n", "")
    assert page.locator("details").count() == written.count("<details>") > 0
    assert page.locator("h3", has_text="Exercise 2.1 · By hand").count() == 1
    still = page.locator('img[alt^="Panel 1 of 2. Horizontal axis: theta_1, from -4 to 4"]')
    assert still.evaluate("image => image.complete && image.naturalWidth > 0")


def test_the_extension_shows_a_chapter_as_the_book_does(opened):
    page = opened(ROOT, "chapters/02-gradient-descent.ipynb", True)
    prose = page.evaluate(PROSE, SHOWN)
    assert not re.search(r":::|```|\{[a-z:]+\}`|:label:|:class:|\$\$", prose)
    for title in ("Theorem 1 (Descent lemma)", "Exercise 1 (By hand", "Assumptions"):
        assert title in " ".join(prose.split())
    assert page.locator(".katex-error").count() == 0
    assert page.locator('img[src*="stills/descent.png"]').count() == 1
