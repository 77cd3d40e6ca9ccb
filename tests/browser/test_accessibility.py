"""Every page by the rules of axe-core, and what a reader needs who has no mouse or no screen."""

from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_pages import CHAPTER_PAGES, PAGES, UNFOLD, each_page

# axe looks at every element in turn. A chapter has ten thousand in its formulas, set by a machine
# in the colour of the text around them, and as many in its programs: there one word of each kind
# in each program stands for the others.
THIN_OUT = """() => {
  document.querySelectorAll(".math > :not(.eqno)").forEach((formula) => {
    formula.textContent = "x";
  });
  document.querySelectorAll(".highlight pre").forEach((program) => {
    const seen = new Set();
    program.querySelectorAll("span").forEach((word) => {
      if (seen.has(word.className)) word.replaceWith(word.textContent);
      seen.add(word.className);
    });
    program.normalize();
  });
}"""
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
THEME = "theme => { document.documentElement.dataset.theme = theme }"
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
# What scrolls and cannot be reached by keyboard; wide formulas that do not show that they scroll.
UNREACHED = """() => [...document.querySelectorAll("article *")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0
    && ["auto", "scroll"].includes(getComputedStyle(box).overflowX) && box.checkVisibility())
  .filter((box) => box.tabIndex !== 0 || (box.matches(".math > *")
    && (box.scrollLeft !== 0 || !getComputedStyle(box).backgroundImage.includes("gradient")
        || box.getAttribute("aria-label") !== "Formula, scrolls sideways")))
  .map((box) => box.outerHTML.slice(0, 200))"""


def violations(page, **options):
    """What axe complains about, in short."""
    options = {"resultTypes": ["violations"], "preload": False, **options}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


@each_page
def test_page_keeps_the_rules_of_axe(visit, page):
    opened = visit(page, width=375)
    opened.emulate_media(reduced_motion="reduce")  # no colour is on its way to another
    opened.evaluate(UNFOLD)
    opened.evaluate(TWO_FRAMES)
    opened.wait_for_function("'fitted' in document.documentElement.dataset")
    assert opened.evaluate(UNREACHED) == []
    opened.evaluate(THIN_OUT)
    for width in (375, 1280):
        opened.set_viewport_size({"width": width, "height": 900})
        opened.evaluate(THEME, "light")
        opened.evaluate(TWO_FRAMES)
        assert violations(opened) == [], f"light, {width}"
        opened.evaluate(THEME, "dark")  # of the rules, these look at colours
        assert violations(opened, runOnly=COLOURS) == [], f"dark, {width}"


def test_axe_is_awake(visit):
    opened = visit(PAGES[0])
    opened.add_style_tag(content="article p { color: #bbb !important }")
    opened.evaluate("document.querySelector('article img').removeAttribute('alt')")
    found = {complaint.split(":")[0] for complaint in violations(opened)}
    assert {"color-contrast", "image-alt"} <= found


def test_the_keyboard_comes_to_the_text_first(visit):
    opened = visit(CHAPTER_PAGES[0])
    focus = "document.activeElement.textContent.trim()"
    opened.keyboard.press("Tab")
    assert opened.evaluate(focus) == "Skip to main content"
    opened.keyboard.press("Enter")
    assert opened.url.endswith("#main-content")
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.closest('main') !== null")
    assert opened.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count() == 0


def test_on_paper_there_is_the_text_alone(visit):
    opened = visit(CHAPTER_PAGES[0])
    opened.emulate_media(media="print")
    for hidden in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article"):
        assert not opened.locator(hidden).first.is_visible(), hidden
    assert opened.locator("h1:visible").count() == 1
    assert opened.locator("article h2").first.is_visible()
    assert opened.locator("button.copybtn").first.is_hidden()
