"""The whole book as one tagged PDF, with contents and page numbers (``make pdf``).

Usage: python -m book._tools.pdf [--out _build/pdf/book.pdf]

The built pages are put together in one document, which Chromium prints at least twice: the first
time tells on which page each heading falls, the second time the contents say so.
"""

import argparse
import os
import sys
from html import escape
from pathlib import Path

from pypdf import PdfReader, PdfWriter

from book._tools import browser, pages

FOOTER = (
    '<div style="width: 100%; font-size: 8pt; text-align: center; color: #555">'
    '<span class="pageNumber"></span></div>'
)
DEEPEST = 2  # headings in the contents: titles and sections


def document(folder, numbers):
    """The book as one HTML document, and the headings that its contents list.

    Parameters
    ----------
    folder : pathlib.Path
        Where the document will stand.
    numbers : list of int
        The page of each heading in the contents; a heading without one has none yet.

    Returns
    -------
    html : str
    headings : list of (level, id, text)
    """
    soups = {page: pages.parsed(page) for page in pages.contents()}
    slugs = {page.name: page.slug for page in soups}

    def link(name, fragment):
        slug = slugs.get(name)
        if slug is None:  # a page about a module's source, which is not printed
            return os.path.relpath(pages.HTML / f"{name}.html", folder)
        return f"#{slug}--{fragment}" if fragment else f"#{slug}"

    texts, headings = [], []
    for page, soup in soups.items():
        text = pages.article(soup)
        pages.rewrite(text, page, link, folder)
        pages.prefix_ids(text, page.slug)
        pages.unfold(text)
        headings += listed(text, page)
        text.name = "section"
        text["class"], text["id"] = ["page"], page.slug
        texts.append(str(text))
    sheets = [*pages.style_sheets(soups), Path(__file__).with_name("paper.css")]
    head = [
        f'<link rel="stylesheet" href="{os.path.relpath(sheet, folder)}">' for sheet in sheets
    ]
    head += pages.formula_styles(soups, folder)
    settings = pages.settings()
    html = (
        f'<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{escape(settings['title'])}</title>{''.join(head)}</head><body>"
        f"{cover(settings, folder)}{table(headings, numbers)}"
        f'<main class="bd-main"><div class="bd-content"><div class="bd-article">'
        f"{''.join(texts)}</div></div></main></body></html>"
    )
    return pages.put_back(html), headings


def listed(text, page):
    """The headings of a page that the contents list, as level, part, identifier and text."""
    found = []
    for heading in text.select(", ".join(f"h{level}" for level in range(1, DEEPEST + 1))):
        level = int(heading.name[1])
        place = heading.get("id") or heading.find_parent(id=True)["id"]
        part = page.part if level == 1 else None
        found.append((level, part, place, " ".join(heading.get_text().split())))
    return found


def cover(settings, folder):
    """The first page."""
    logo = os.path.relpath(pages.ROOT / settings["html"]["favicon"], folder)
    return (
        f'<div class="cover bd-article"><img src="{logo}" alt="">'
        f"<h1>{escape(settings['title'])}</h1>"
        f"<p>{escape(settings['author'])}, {escape(settings['copyright'])}</p>"
        "<p>Text and figures: CC BY 4.0. Code: BSD 3-clause.</p></div>"
    )


def table(headings, numbers):
    """The contents, with the pages as far as they are known."""
    lines, depth = ['<nav class="contents bd-article" aria-label="Contents"><h1>Contents</h1>'], 0
    for place, (level, part, target, text) in enumerate(headings):
        while depth > level:
            lines.append("</li></ol>")
            depth -= 1
        lines.append("</li>" if depth == level else "<ol>")
        depth = level
        if part:
            lines.append(f'<li class="part">{escape(part)}</li>')
        number = numbers[place] if place < len(numbers) else ""
        lines.append(
            f'<li><a href="#{target}"><span>{escape(text)}</span>'
            f'<span class="number">{number}</span></a>'
        )
    return "".join(lines) + "</li></ol>" * depth + "</nav>"


def print_document(context, path, out):
    """Print an HTML file to a PDF file."""
    page = context.new_page()
    page.goto(path.as_uri(), wait_until="load", timeout=300_000)
    page.pdf(
        path=str(out), tagged=True, prefer_css_page_size=True,
        print_background=True, display_header_footer=True,
        header_template="<span></span>", footer_template=FOOTER,
    )  # fmt: skip
    page.close()


def heading_pages(pdf, headings):
    """The page of each heading: the contents link to it, so it has a name in the file."""
    reader = PdfReader(pdf)
    places = reader.named_destinations
    missing = [text for _, _, target, text in headings if f"/{target}" not in places]
    if missing:
        raise ValueError(f"the PDF has no place for the headings {missing[:5]}")
    return [
        reader.get_destination_page_number(places[f"/{target}"]) + 1
        for _, _, target, _ in headings
    ]


def add_outline(pdf, headings, numbers, settings):
    """Write the contents into the sidebar of a PDF reader, and the title into its window."""
    writer = PdfWriter(clone_from=pdf)
    above = {0: None}
    for (level, _, _, text), number in zip(headings, numbers, strict=True):
        above[level] = writer.add_outline_item(text, number - 1, parent=above[level - 1])
    writer.add_metadata({"/Title": settings["title"], "/Author": settings["author"]})
    writer.write(pdf)


def write(out):
    """Print the book; return the number of its pages."""
    out.parent.mkdir(parents=True, exist_ok=True)
    source = out.with_suffix(".html")
    with browser.launched() as chromium:
        context = chromium.new_context()
        context.set_default_timeout(300_000)
        before, numbers = None, []
        while numbers != before:  # numbers can make the contents longer, and move what they name
            html, headings = document(out.parent, numbers)
            source.write_text(html, encoding="utf-8")
            print_document(context, source, out)
            before, numbers = numbers, heading_pages(out, headings)
    add_outline(out, headings, numbers, pages.settings())
    source.unlink()
    return len(PdfReader(out).pages)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=pages.ROOT / "_build" / "pdf" / "book.pdf")
    out = parser.parse_args().out.resolve()
    try:
        count = write(out)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f"no PDF was made: {error}")
    print(f"{count} pages: {os.path.relpath(out)}")


if __name__ == "__main__":
    main()
