"""What a page of the book costs its reader: ``python -m benchmarks.pages``.

A browser of a phone's size opens every page of the built book on a processor slowed down four
times, over a server that compresses with gzip as a host would, and scrolls through it to the end.
Then it does the same with the book built from the same sources by Jupyter Book's default
configuration. The table goes to ``benchmarks/pages.md``; ``make pages`` builds the book first.
"""

import gzip
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import yaml
from playwright.sync_api import sync_playwright

from book._ext.mathjax import MATHJAX
from book._tools.browser import FLAGS, find
from tests.book.notebooks import contents
from tests.environment import ROOT, built_site

SLOWDOWN = 4
TURNS = 3
WINDOW = {"width": 375, "height": 800}
PACKED = {".html", ".css", ".js", ".svg", ".json"}  # what hosts compress; the rest is already
# The default configuration takes MathJax from this host. Here it comes from the package that has
# the same files, so that it can be counted, and arrives sooner than it would.
ELSEWHERE = b"https://cdn.jsdelivr.net/npm/mathjax@3/es5/"
OBSERVE = """
window.seen = {paint: 0, blocked: 0, shift: 0};
const watch = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note))
  .observe({type, buffered: true});
watch("largest-contentful-paint", (entry) => { seen.paint = entry.startTime; });
watch("longtask", (entry) => { seen.blocked += Math.max(0, entry.duration - 50); });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
"""
# Ours: every part of the page is laid out. The default's: MathJax has set the formulas.
SETTLED = """() => !document.querySelector("script[src*='course.js']")
  || "fitted" in document.documentElement.dataset"""
FORMULAS = "window.MathJax?.startup?.promise.then(() => true)"
SCROLL = """async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
    scrollTo({top: y, behavior: "instant"});
    await pause(50);
  }
  await pause(300);
}"""


class Cost(NamedTuple):
    """Of one page. Times in milliseconds."""

    requests: int
    size: int  # bytes, compressed, heads of the responses included
    paint: float  # largest contentful paint
    blocked: float  # total blocking time: what tasks take beyond 50 ms each
    shift: float  # cumulative layout shift


@cache
def content(path):
    """A file as it is sent."""
    data = path.read_bytes()
    if path.suffix == ".html":
        data = data.replace(ELSEWHERE, b"/_static/mathjax/")
    return gzip.compress(data, 6) if path.suffix in PACKED else data


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        data = content(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(data)))
        if path.suffix in PACKED:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        """Say nothing."""


@contextmanager
def served(site):
    """The address of a built book."""
    with ThreadingHTTPServer(("localhost", 0), partial(Handler, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def cost(browser, address):
    """Open a page as on a first visit, scroll to its end, and say what it took."""
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    page.add_init_script(OBSERVE)
    session = context.new_cdp_session(page)
    sizes = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    session.send("Network.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(address, wait_until="load")
    page.wait_for_function(SETTLED)
    page.evaluate(FORMULAS)
    page.wait_for_timeout(1000)
    seen = page.evaluate("({...seen})")
    page.evaluate(SCROLL)
    shift = page.evaluate("seen.shift")
    context.close()
    return Cost(len(sizes), sum(sizes), seen["paint"], seen["blocked"], shift)


def summary(costs):
    """Of several turns, the longest shift and the shortest times: other work only adds to those."""
    requests, sizes, paints, blocks, shifts = zip(*costs, strict=True)
    return Cost(max(requests), max(sizes), min(paints), min(blocks), max(shifts))


def default_site(folder):
    """Build the book as Jupyter Book does by default; returns where.

    What stays of the configuration is what the sources need to be read. The explorers are left
    out: their directive is ours.
    """
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config.pop("html")
    config["sphinx"] = {"extra_extensions": config["sphinx"]["extra_extensions"]}
    for name in ("book", "chapters"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "_toc.yml", folder)
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "-q", folder]
    subprocess.run(command, check=True, capture_output=True)
    site = folder / "_build" / "html"
    shutil.copytree(MATHJAX, site / "_static" / "mathjax")
    return site


def row(page, ours, default):
    cells = [
        f"{ours.requests:.0f} / {default.requests:.0f}",
        f"{ours.size / 1000:.0f} / {default.size / 1000:.0f}",
        f"{ours.paint / 1000:.1f} / {default.paint / 1000:.1f}",
        f"{ours.blocked:.0f} / {default.blocked:.0f}",
        f"{ours.shift:.3f} / {default.shift:.3f}",
    ]
    return f"| {page} | {' | '.join(cells)} |"


def table(browser, sites):
    yield "| page | requests | kB | largest paint, s | blocked, ms | shift |"
    yield "|:--|--:|--:|--:|--:|--:|"
    for page in contents():
        turns = [
            [cost(browser, f"{site}/{page}.html") for site in sites] for _ in range(TURNS)
        ]
        yield row(page, *map(summary, zip(*turns, strict=True)))


def main():
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        served(built_site()) as ours,
        served(default_site(Path(folder))) as default,
    ):
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        lines = ["# Pages, ours / default", ""]
        lines += [f"Chromium {browser.version}, {platform.machine()}, {TURNS} turns each.", ""]
        for line in table(browser, [ours, default]):
            print(line, flush=True)
            lines.append(line)
        browser.close()
    report = Path(__file__).with_suffix(".md")
    report.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
