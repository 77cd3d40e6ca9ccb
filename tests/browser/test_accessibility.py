"""What a reader needs who has no mouse, no screen, or paper."""

from tests.browser.asked import CHAPTER_PAGES


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
