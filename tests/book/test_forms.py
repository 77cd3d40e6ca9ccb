"""Other forms of the book: what goes into the PDF and onto the slides."""

from itertools import pairwise

import pytest
from bs4 import BeautifulSoup

from book._tools import pages, pdf, slides
from tests.book.notebooks import CHAPTERS, contents, figures
from tests.environment import ROOT, built_site

together = pytest.mark.xdist_group("document")  # it takes a while to put together


@pytest.fixture(scope="module")
def document():
    built_site()
    html, headings = pdf.document(pages.HTML, [])
    return BeautifulSoup(pages.set_aside(html), pages.PARSER), headings


@together
def test_what_takes_a_while_is_made_by_one_worker(request):
    if request.config.getoption("loadgroup", False):  # a worker among several
        assert request.node.nodeid.endswith("@document"), "the workers do not heed the groups"


@together
def test_the_whole_book_is_in_the_document(document):
    soup, headings = document
    shown = [section["id"] for section in soup.select("section.page")]
    assert shown == [pages.Page(name).slug for name in contents()]
    assert [level for level, _, _, _ in headings].count(1) == len(shown)
    assert not soup.select("section.page details, section.page .dropdown, section.page [loading]")


@together
def test_links_of_the_document_lead_somewhere(document):
    soup, headings = document
    places = {tag["id"] for tag in soup.select("[id]")}
    links = [link["href"] for link in soup.select("a[href^='#']")]
    assert len(links) > 1000
    assert {f"#{target}" for _, _, target, _ in headings} <= set(links)  # from the contents
    assert not [link for link in links if link[1:] not in places]


@together
def test_pictures_and_fonts_of_the_document_are_there(document):
    soup, _ = document
    pictures = [image["src"] for image in soup.select("img") if ":" not in image["src"]]
    assert pictures and all((pages.HTML / source).is_file() for source in pictures)
    fonts = [match["path"] for s in soup.select("style") for match in pages.FONT.finditer(str(s))]
    assert fonts and all((pages.HTML / font).is_file() for font in fonts)
    styles = soup.select("style")
    assert all("data:font/woff" in str(s) for s in styles if "MJXZERO" in str(s))


def test_what_is_set_aside_comes_back():
    inside = "<mjx-container><b>x</b></mjx-container>", "<pre><i>a &lt; b</i></pre>"
    linked = '<pre><a href="b.html">b</a></pre>'
    html = f"<h2>Of {inside[0]}</h2><p>{inside[0]}</p>{inside[1]}{linked}"
    soup = BeautifulSoup(pages.set_aside(html), pages.PARSER)
    assert len(soup.select("b")) == 1 and not soup.select("i"), "a heading keeps its formula"
    assert soup.select("a[href]"), "a link is found"
    assert pages.put_back(str(soup)) == html


def test_the_contents_show_the_page_of_each_heading():
    headings = [(1, "Part", "a", "A title"), (2, None, "a--b", "A section"), (1, None, "c", "C")]
    soup = BeautifulSoup(pdf.table(headings, [3, 4, 9]), pages.PARSER)
    shown = [(a["href"], a.select_one(".number").get_text()) for a in soup.select("a")]
    assert shown == [("#a", "3"), ("#a--b", "4"), ("#c", "9")]
    assert soup.select_one(".part").get_text() == "Part"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=str)
def test_a_deck_has_the_figures_and_statements_of_its_chapter(chapter):
    built_site()
    name = chapter.path.relative_to(ROOT).with_suffix("").as_posix()
    written = slides.deck(pages.Page(name), pages.HTML)
    assert "<mjx-math" in written and "<script type=" not in written
    deck = BeautifulSoup(pages.set_aside(written), pages.PARSER)
    told = [" ".join(image["alt"].split()) for image in deck.select(".slide > img")]
    inside = {cell.id for cell in chapter.section("Exercises")}
    stored = [
        " ".join(figure.data["text/plain"].split())
        for cell in chapter.code
        if cell.id not in inside
        for figure in figures(cell)
    ]
    assert [text for text in told if text in stored] == stored
    statements = sum(cell.source.count("{prf:theorem}") for cell in chapter.cells)
    assert len(deck.select(".slide .theorem")) == statements
    assert deck.select(".slide")[-1].select("li"), "the summary closes"
    assert not deck.select(".proof-word"), "a lecture gives proofs on the blackboard"
    # What a statement refers to is on a slide, too.
    numbered = {part.get_text() for part in deck.select(".slide .eqno")}
    asked = {link.get_text() for link in deck.select(".slide .proof a[href*='#equation-eq']")}
    own = f"({int(name[9:11])}."
    assert {text for text in asked if text.startswith(own)} <= numbered
    begins = [bool(slide.select(".divider")) for slide in deck.select(".slide")]
    assert (True, True) not in pairwise(begins) and not begins[-2], "a section with no slide"
