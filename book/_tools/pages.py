"""The built pages, read again to make other forms of the book from them."""

import copy
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urldefrag

import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
LEFT_OUT = ".headerlink, script:not([type=aside]), .copybtn, noscript.live, .live-only"
PARSER = "html.parser"
# Five in six elements of a page are inside its formulas and programs, where nothing is looked for.
# In headings they stay, since the contents quote their words.
INNER = re.compile(
    r"<h[1-6]\b.*?</h[1-6]>"
    r"|(?P<start><(?P<name>mjx-container|pre)\b[^>]*>)(?P<inside>.*?)(?P<end></(?P=name)>)",
    re.DOTALL,
)
ASIDE = re.compile(r'<script type="aside">(.*?)</script>', re.DOTALL)
FONT = re.compile(r"""url\(["']?(?P<path>(?!data:)[^"')]+)["']?\)""")  # one in a file


@dataclass(frozen=True)
class Page:
    """A page of the built book.

    Attributes
    ----------
    name : str
        Its document, such as ``"chapters/03-stochastic-gradient-descent"``.
    part : str or None
        The part of the book that it begins.
    """

    name: str
    part: str | None = None

    @property
    def path(self):
        return HTML / f"{self.name}.html"

    @property
    def slug(self):
        """The name as an identifier."""
        return re.sub(r"\W+", "-", self.name)


def contents():
    """Every page of the table of contents, in order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    pages = [Page(toc["root"])]
    for part in toc["parts"]:
        caption = part["caption"]
        for entry in part["chapters"]:
            pages.append(Page(entry["file"], caption))
            caption = None
            pages += [Page(section["file"]) for section in entry.get("sections", ())]
    return pages


def settings():
    """What ``_config.yml`` says."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def set_aside(html):
    """Keep the inside of formulas and programs from the parser, unless a link leads in or out."""

    def kept(match):
        inside = match["inside"]
        if inside is None or any(name in inside for name in (" href=", " id=", " src=")):
            return match[0]
        return f'{match["start"]}<script type="aside">{inside}</script>{match["end"]}'

    return INNER.sub(kept, html)


def put_back(html):
    """Undo `set_aside`, in what was made from it."""
    return ASIDE.sub(r"\1", html)


def parsed(page):
    """The page, parsed; `put_back` belongs to what is written of it.

    Raises
    ------
    FileNotFoundError
        If the book is not built.
    """
    if not page.path.exists():
        raise FileNotFoundError(f"expected the built page {page.name}.html: run make book first")
    return BeautifulSoup(set_aside(page.path.read_text(encoding="utf-8")), PARSER)


def article(soup):
    """The text of a parsed page, without what only a page in a browser has."""
    found = copy.copy(soup.select_one("article.bd-article"))
    for element in found.select(LEFT_OUT):
        element.decompose()
    return found


def style_sheets(soups):
    """The files of all style sheets that the pages use, each once, in order."""
    found = {}
    for page, soup in soups.items():
        for link in soup.select("link[rel=stylesheet]"):
            address = unquote(link["href"].partition("?")[0])
            found[(page.path.parent / address).resolve()] = None
    return list(found)


def formula_styles(soups, folder):
    """The rules that the pages have for their own formulas, as style elements.

    The addresses of the fonts in them are made relative to ``folder``.
    """
    found = []
    for page, soup in soups.items():
        for style in soup.select("head style"):

            def address(match, page=page):
                font = (page.path.parent / match["path"]).resolve()
                return f'url("{os.path.relpath(font, folder)}")'

            found.append(f"<style>{FONT.sub(address, style.get_text())}</style>")
    return found


def rewrite(element, page, link, folder):
    """Make an element of a page independent of the place of its page.

    Parameters
    ----------
    element : bs4.Tag
        Changed in place.
    page : Page
        Where it stands.
    link : callable
        ``(page name, fragment) -> address`` for links within the book.
    folder : pathlib.Path
        Where the new file will stand; pictures are found relative to it.
    """
    for anchor in element.select("a[href]"):
        address, fragment = urldefrag(anchor["href"])
        if re.match(r"[a-z]+:", address):
            continue
        target = (page.path.parent / unquote(address)).resolve() if address else page.path
        if target.is_relative_to(HTML) and target.suffix == ".html":
            name = target.relative_to(HTML).with_suffix("").as_posix()
            anchor["href"] = link(name, unquote(fragment))
        else:
            anchor["href"] = os.path.relpath(target, folder)
    for picture in element.select("[src]"):
        picture.attrs.pop("loading", None)  # paper does not scroll
        if not picture["src"].startswith("data:"):
            target = (page.path.parent / unquote(picture["src"])).resolve()
            picture["src"] = os.path.relpath(target, folder)


def prefix_ids(element, prefix):
    """Put the page's name before every identifier, so that pages can stand in one document."""
    for tagged in element.select("[id]"):
        tagged["id"] = f"{prefix}--{tagged['id']}"
    for name in ("aria-labelledby", "aria-describedby", "for"):
        for tagged in element.select(f"[{name}]"):
            value = tagged[name]
            words = value if isinstance(value, list) else value.split()
            tagged[name] = " ".join(f"{prefix}--{word}" for word in words)


def unfold(element):
    """Open what is folded: paper has nothing to click."""
    for folded in element.select(".dropdown, .toggle"):
        folded["class"] = [name for name in folded["class"] if name not in ("dropdown", "toggle")]
    for details in element.select("details"):
        details.summary.decompose()
        details.unwrap()
