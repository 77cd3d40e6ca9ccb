"""The built book: its contents, its links and its alternative texts."""

import copy
import re
from functools import cache
from html import unescape
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from book._tools import pages
from tests.book.notebooks import CHAPTERS, NOTEBOOKS, PAGES, contents, figures
from tests.environment import ROOT, built_site

EXTRA_PAGES = ["index", "genindex", "search"]
PLACE = re.compile(r'<[^<>]*?\s(?:id|name)="([^"]*)"')
RAW_MARKUP = re.compile(r"\{[a-z]+(?::[a-z]+)?\}`|\bglue:|^:{3,}|\$\$", re.MULTILINE)



def page_of(notebook):
    return notebook.path.relative_to(ROOT).with_suffix("").as_posix()


def by_one(page, asked=None):
    """What is asked of a page is asked by one worker, who parses it once."""
    return pytest.param(asked or page, id=page, marks=pytest.mark.xdist_group(page))


each_page = pytest.mark.parametrize("page", [*map(by_one, contents() + EXTRA_PAGES)])
each_notebook = pytest.mark.parametrize(
    "notebook", [by_one(page_of(notebook), notebook) for notebook in NOTEBOOKS]
)
each_chapter = pytest.mark.parametrize(
    "chapter", [by_one(page_of(chapter), chapter) for chapter in CHAPTERS]
)


@cache
def parsed(path):
    html = path.read_text(encoding="utf-8")
    return BeautifulSoup(pages.set_aside(html), pages.PARSER)


@cache
def anchors(path):
    """The places that can be linked: to find them, nothing need be parsed."""
    return {unescape(name) for name in PLACE.findall(path.read_text(encoding="utf-8"))}


def test_contents_and_files_agree():
    sources = {notebook.path for notebook in NOTEBOOKS} | set(PAGES)
    names = {path.relative_to(ROOT).with_suffix("").as_posix() for path in sources}
    assert names == set(contents())


@each_page
def test_links_resolve(page):
    path = built_site() / f"{page}.html"
    broken = []
    for tag in parsed(path).find_all(["a", "link", "script", "img", "source"]):
        address = tag.get("href") or tag.get("src")
        if not address or address.startswith(("data:", "mailto:", "javascript:")):
            continue
        url = urlsplit(address)
        if url.scheme or url.netloc:
            if tag.name != "a" and tag.get("rel") != ["canonical"]:
                broken.append(f"{address}: a page loads nothing from another host")
            continue
        target = (path.parent / unquote(url.path)).resolve() if url.path else path
        if not target.is_file():
            broken.append(f"{address}: no such file")
        elif url.fragment and target.suffix == ".html":
            if unquote(url.fragment) not in anchors(target):
                broken.append(f"{address}: no such place in it")
    assert not broken


@each_page
def test_pictures_have_alternative_texts(page):
    for image in parsed(built_site() / f"{page}.html").find_all("img"):
        alt = image.get("alt")
        assert alt is not None, image["src"]
        assert alt.strip(), image["src"]
        assert "_images/" not in alt, "Sphinx writes the address where there is no text"


@each_page
def test_no_raw_markup_is_left(page):
    soup = parsed(built_site() / f"{page}.html")
    assert not RAW_MARKUP.search(prose(soup.find("article") or soup.body))


@each_page
def test_every_part_of_a_statement_is_an_item_of_its_list(page):
    """A number that begins a line within a paragraph begins no item there."""
    soup = parsed(built_site() / f"{page}.html")
    for paragraph in soup.select(".proof.theorem p"):
        assert not re.search(r"(^|[.:;,]\s)[2-9]\. [A-Z]", paragraph.get_text()), paragraph


def prose(article):
    """The text of an article, without programs and formulas."""
    text = copy.copy(article)
    for other in text.select("pre, code, script, style, .math"):
        other.decompose()
    return text.get_text()


def test_raw_markup_is_seen():
    for inside, seen in (("", False), ("{glue:text}`a`", True), (":::", True), ("$$", True)):
        html = f"<main><p>A text\n{inside}</p><pre>$$</pre><p class=math>:::</p></main>"
        soup = BeautifulSoup(pages.set_aside(html), pages.PARSER)
        assert bool(RAW_MARKUP.search(prose(soup))) == seen


@each_page
def test_published_numbers_read_as_in_print(page):
    soup = parsed(built_site() / f"{page}.html")
    numbers = [number.get_text() for number in soup.select("article .pasted-text")]
    assert not [number for number in numbers if re.search(r"e|^-", number)]
    assert not re.findall(r".{0,20}(?:[ \n]|\d)%", prose(soup))


@each_notebook
def test_every_stored_figure_is_on_the_page(notebook):
    page = built_site() / f"{page_of(notebook)}.html"
    shown = [image.get("alt") for image in parsed(page).select("article .cell_output img")]
    stored = [
        " ".join(figure.data["text/plain"].split())
        for cell in notebook.code
        for figure in figures(cell)
    ]
    assert [" ".join((alt or "").split()) for alt in shown] == stored


@each_notebook
def test_every_code_cell_can_be_linked(notebook):
    page = built_site() / f"{page_of(notebook)}.html"
    assert {f"cell-{cell.id}" for cell in notebook.code} <= anchors(page)


@each_chapter
def test_a_chapter_has_the_number_of_its_file(chapter):
    page = built_site() / f"{page_of(chapter)}.html"
    shown = parsed(page).select_one("h1 .section-number").get_text()
    assert shown.strip() == f"{int(chapter.name)}."
    entry = parsed(page).select_one("a.current")  # in the sidebar
    assert entry.get_text().strip().startswith(shown.strip())


def test_the_entrance_leads_to_the_book():
    page = parsed(built_site() / "index.html")
    assert page.find("meta", attrs={"http-equiv": "refresh"})["content"].endswith(
        f"url={contents()[0]}.html"
    )
