"""A browser, and the built book over http and from the file system."""

from collections import Counter
from functools import partial

import pytest
from bs4 import BeautifulSoup

from benchmarks.pages import served
from book._tools import browser as chromium
from book._tools.pages import PARSER
from tests.book.notebooks import contents
from tests.browser.asked import CHAPTER_PAGES
from tests.environment import built_site, missing

# By how much what a reader sees moves.
NOTE_SHIFTS = """
window.shifted = {sum: 0};
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) shifted.sum += entry.value;
})).observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture(scope="session")
def browser():
    if chromium.find() is None:
        missing("no Chromium or Chrome was found")
    with chromium.launched() as running:
        yield running


@pytest.fixture(scope="session")
def http():
    """The address of the built book on this machine, sent as a host sends it."""
    with served(built_site()) as address:
        yield address


@pytest.fixture(scope="session")
def addresses(http):
    """Where the book is found, by scheme."""
    return {"http": http, "file": built_site().as_uri()}


@pytest.fixture(scope="session")
def excerpt(tmp_path_factory):
    """Where a book of one short page is found: of a chapter's blocks, three of each kind."""
    site = tmp_path_factory.mktemp("site")
    for path in built_site().iterdir():
        if path.name != "chapters":
            (site / path.name).symlink_to(path)
    page = built_site() / f"{CHAPTER_PAGES[1]}.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), PARSER)
    kept = Counter()
    for block in soup.select("article section > :not(section)"):
        if block.decomposed:  # with the one it stood in
            continue
        kind = (block.name, *block.get("class", ()))
        kept[kind] += 1
        if kept[kind] > 3:
            block.decompose()
    (site / "chapters").mkdir()
    (site / "chapters" / page.name).write_text(str(soup), encoding="utf-8")
    with served(site) as address:
        yield {"http": address, "file": site.as_uri()}


@pytest.fixture
def visit(open_page, addresses):
    """Open a page of the book; returns the page, with what went wrong in ``page.complaints``."""
    return partial(open_page, addresses)


@pytest.fixture
def visit_excerpt(open_page, excerpt):
    """Open the short page, as `visit` does."""
    return partial(open_page, excerpt, CHAPTER_PAGES[1])


@pytest.fixture
def open_page(browser):
    contexts = []

    def open_page(addresses, name, scheme="file", width=1280):
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        context.set_offline(scheme == "file")  # a book on the disk needs no network
        page = context.new_page()
        page.add_init_script(NOTE_SHIFTS)
        page.complaints = complaints = []
        home = addresses[scheme]

        def note_request(request):
            if not request.url.startswith((home, "data:", "blob:")):
                complaints.append(f"request to another place: {request.url}")

        def note_response(response):
            if response.status >= 400:
                complaints.append(f"status {response.status}: {response.url}")

        page.on("request", note_request)
        page.on("response", note_response)
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.on(
            "console",
            lambda message: message.type in ("error", "warning")
            and complaints.append(f"console {message.type}: {message.text}"),
        )
        page.goto(f"{home}/{name}.html", wait_until="load")
        if name == "index":  # the entrance, which leads on by itself
            page.wait_for_url(f"**/{contents()[0]}.html")
        page.wait_for_function("'fitted' in document.documentElement.dataset")
        return page

    yield open_page
    for context in contexts:
        context.close()
