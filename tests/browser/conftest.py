"""A browser, and the built book over http and from the file system."""

from collections import Counter
from functools import partial

import pytest

from benchmarks.pages import served
from book._tools import browser as chromium
from book._tools import pages
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
    page = pages.Page(CHAPTER_PAGES[1])
    soup = pages.parsed(page)
    kept = Counter()
    for block in soup.select("article section > :not(section)"):
        if block.decomposed:  # with the one it stood in
            continue
        kind = (block.name, *block.get("class", ()))
        kept[kind] += 1
        if kept[kind] > 3:
            block.decompose()
    (site / "chapters").mkdir()
    short = site / "chapters" / page.path.name
    short.write_text(pages.put_back(str(soup)), encoding="utf-8")
    with served(site) as address:
        yield {"http": address, "file": site.as_uri()}


@pytest.fixture(scope="session")
def without_scripts(browser, addresses):
    """Open a page of the book where no script runs."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    def open_page(name):
        page.goto(f"{addresses['file']}/{name}.html")
        return page

    yield open_page
    context.close()


@pytest.fixture
def visit(open_page, addresses):
    """Open a page of the book; returns the page, with what went wrong in ``page.complaints``."""
    return partial(open_page, addresses)


@pytest.fixture
def visit_excerpt(open_page, excerpt):
    """Open the short page, as `visit` does."""
    return partial(open_page, excerpt, CHAPTER_PAGES[1])


def new_window(browser):
    """A window that notes what goes wrong in it, and that fetches all as on a first visit."""
    page = browser.new_context().new_page()
    page.add_init_script(NOTE_SHIFTS)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def complain(text):
        page.complaints.append(text)

    def note_request(request):
        if not request.url.startswith((page.home, "data:", "blob:")):
            complain(f"request to another place: {request.url}")

    def note_response(response):
        if response.status >= 400:
            complain(f"status {response.status}: {response.url}")

    def note_message(message):
        if message.type in ("error", "warning"):
            complain(f"console {message.type}: {message.text}")

    page.on("request", note_request)
    page.on("response", note_response)
    page.on("requestfailed", lambda request: complain(f"failed: {request.url}"))
    page.on("pageerror", lambda error: complain(f"script error: {error}"))
    page.on("console", note_message)
    return page


def tidy(page):
    """Leave nothing of a test in its window."""
    page.evaluate("() => { sessionStorage.clear(); localStorage.clear() }")
    page.unroute_all()
    page.context.clear_cookies()
    page.context.clear_permissions()
    page.emulate_media(media="null", reduced_motion="null")
    page.goto("about:blank")


@pytest.fixture(scope="session")
def windows(browser):
    """Windows that no test uses: to open one takes the browser longer than most pages do."""
    free = []
    yield free
    for page in free:
        page.context.close()


@pytest.fixture
def open_page(browser, windows):
    used = []

    def open_page(addresses, name, scheme="file", width=1280):
        page = windows.pop() if windows else new_window(browser)
        used.append(page)
        page.home, page.complaints = addresses[scheme], []
        page.context.set_offline(scheme == "file")  # a book on the disk needs no network
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{page.home}/{name}.html", wait_until="load")
        if name == "index":  # the entrance, which leads on by itself
            page.wait_for_url(f"**/{contents()[0]}.html")
        page.wait_for_function("'fitted' in document.documentElement.dataset")
        return page

    yield open_page
    for page in used:
        tidy(page)
        windows.append(page)
