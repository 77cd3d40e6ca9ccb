"""A deck of slides for each chapter: its figures and its statements (``make slides``).

Usage: python -m book._tools.slides [--out _build/slides] [chapters/03-….ipynb ...]

A deck is made from the built page of the chapter, so it says what the chapter says. It is one HTML
file beside a folder of pictures and styles: arrow keys turn, N shows what the chapter says about a
slide, printing gives one slide a page.
"""

import argparse
import os
import shutil
import sys
from html import escape
from pathlib import Path

from book._tools import pages

SHARED = {".css", ".woff", ".woff2", ".png", ".svg"}  # what a deck needs of the built book
SHOWN = "h2, h3, .proof, .admonition.note, .cell_output img, .cell_output svg"


def slides(text):
    """The slides of a chapter, as pairs of HTML and the notes below it.

    Parameters
    ----------
    text : bs4.Tag
        The chapter's article.
    """
    yield opening(text), ""
    section = topic = ""
    for element in text.select(SHOWN):
        if element.find_parent(class_=["solution", "exercise", "proof"]):
            continue
        if element.name in ("h2", "h3"):
            section, topic = (element, "") if element.name == "h2" else (section, element)
            if element.name == "h2" and element.get_text() not in ("Exercises", "Summary"):
                yield f'<h2 class="divider">{element.decode_contents()}</h2>', ""
        elif element.name in ("img", "svg"):
            cell = element.find_parent(class_="cell")
            yield titled(section, topic, str(element)), around(cell)
        elif not is_proof(element):
            yield titled(section, topic, str(element)), ""
    summary = text.select_one("section#summary")
    yield titled(summary.h2, "", str(summary.find(["ol", "ul"]))), ""


def is_proof(element):
    """Whether a block is the proof of a statement: a lecture gives it on the blackboard."""
    return element.select_one(".proof-word") is not None


def opening(text):
    """Title, promise and what you will be able to do."""
    promise = text.h1.find_next_sibling("p")
    return f'{text.h1}<div class="promise">{promise}{text.find("ul")}</div>'


def titled(section, topic, body):
    """A slide with the nearest heading."""
    heading = topic or section
    return f"<h2>{heading.decode_contents()}</h2>{body}"


def around(cell):
    """What the chapter says before and after a figure: the paragraph on either side of its cell."""
    sides = (cell.find_previous_sibling(), next_text(cell))
    return "".join(str(side) for side in sides if side is not None and side.name == "p")


def next_text(cell):
    """The first thing after a cell that is no cell."""
    return next(
        (after for after in cell.find_next_siblings() if "cell" not in after.get("class", ())), None
    )


def deck(page, folder):
    """The deck of a chapter as HTML; its files lie in the folder as they do in the built book."""
    soup = pages.parsed(page)
    text = pages.article(soup)

    def link(name, fragment):
        return os.path.relpath(pages.HTML / f"{name}.html", folder) + (fragment and f"#{fragment}")

    pages.rewrite(text, page, link, pages.HTML)
    shown = [
        f'<section class="slide">{body}'
        + (f'<aside class="notes">{notes}</aside>' if notes else "")
        + f'<p class="place">{number}</p></section>'
        for number, (body, notes) in enumerate(slides(text), start=1)
    ]
    sheets = [sheet.relative_to(pages.HTML) for sheet in pages.style_sheets({page: soup})]
    links = "".join(
        f'<link rel="stylesheet" href="{sheet}">' for sheet in (*sheets, "slides.css")
    ) + "".join(pages.formula_styles({page: soup}, pages.HTML))
    return pages.put_back(
        f'<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(text.h1.get_text())}</title>"
        f'<link rel="icon" href="data:,">{links}<script defer src="slides.js"></script></head>'
        f'<body><main class="bd-article deck">{"".join(shown)}</main></body></html>'
    )


def write_files(folder):
    """Copy the styles, fonts and pictures of the built book, and the deck's own."""
    for path in pages.HTML.rglob("*"):
        if path.suffix in SHARED:
            copied = folder / path.relative_to(pages.HTML)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copied)
    for name in ("slides.css", "slides.js"):
        shutil.copyfile(Path(__file__).with_name(name), folder / name)


def write(wanted, folder):
    """Write the decks of the chapters with these names, or of all; yield their files."""
    write_files(folder)
    for page in pages.contents():
        name = Path(page.name).name
        if page.name.startswith("chapters/") and (not wanted or name in wanted):
            out = folder / f"{name}.html"
            out.write_text(deck(page, folder), encoding="utf-8")
            yield out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", nargs="*", type=Path, help="notebooks; every chapter if none")
    parser.add_argument("--out", type=Path, default=pages.ROOT / "_build" / "slides")
    options = parser.parse_args()
    try:
        for out in write({path.stem for path in options.chapter}, options.out.resolve()):
            print(os.path.relpath(out))
    except FileNotFoundError as error:
        sys.exit(f"no slides were made: {error}")


if __name__ == "__main__":
    main()
