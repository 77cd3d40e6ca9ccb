"""How long each chapter is as it opens, and in all.

Usage: python -m book._tools.length [02 03 ...]

Opens the built chapters on a desk, 1280 px wide. Words are those of the prose: no programs, no
outputs, no formulas. Lines are those of programs, empty ones left out.
"""

import argparse
import sys
from pathlib import Path

from book._tools import browser, pages

WINDOW = {"width": 1280, "height": 900}
LIMITS = {"height": 28_000, "lines": 180, "words": 5_500, "all": 7_500}
NAMES = {"height": "height px", "lines": "lines open", "words": "words open", "all": "words in all"}
READY = "'fitted' in document.documentElement.dataset"
MEASURE = """() => {
  const article = document.querySelector("article");
  const seen = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const noProse = "pre, .math, code.record, summary, script, style, button, .explorer, .live-only";
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  let words = 0, all = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (element.closest(noProse)) continue;
    const found = walker.currentNode.data.match(/\\S*[\\p{L}\\p{N}]\\S*/gu) || [];
    all += found.length;
    if (found.length && seen(element)) words += found.length;
  }
  let lines = 0;
  for (const program of article.querySelectorAll("pre")) {
    if (program.closest(".cell_output") || !seen(program)) continue;
    lines += program.textContent.split("\\n").filter((line) => line.trim()).length;
  }
  return { height: document.documentElement.scrollHeight, lines, words, all };
}"""


def measure(opened):
    """The lengths of a page that is open in a browser, by the names of ``LIMITS``."""
    return opened.evaluate(MEASURE)


def excess(found):
    """What is longer than it may be, in words."""
    return [
        f"{NAMES[name]}: {found[name]:,}, at most {limit:,}"
        for name, limit in LIMITS.items()
        if found[name] > limit
    ]


def lengths(wanted):
    """Name and lengths of each built chapter whose name begins as wanted."""
    with browser.launched() as chromium:
        for page in pages.contents():
            name = Path(page.name).name
            if page.name.startswith("chapters/") and name.startswith(wanted):
                pages.parsed(page)  # says what to do where the book is not built
                opened = chromium.new_page(viewport=WINDOW)
                opened.goto(page.path.as_uri(), wait_until="load")
                opened.wait_for_function(READY)
                yield name, measure(opened)
                opened.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help="how the names begin; every chapter if none")
    wanted = tuple(Path(name).stem for name in parser.parse_args().name) or ("",)
    print(f"{'':32}" + "".join(f"{title:>14} " for title in NAMES.values()))
    print(f"{'at most':32}" + "".join(f"{limit:14,} " for limit in LIMITS.values()))
    try:
        for name, found in lengths(wanted):
            marks = (
                f"{found[key]:14,}{'!' if found[key] > limit else ' '}"
                for key, limit in LIMITS.items()
            )
            print(f"{name:32}" + "".join(marks), flush=True)
    except FileNotFoundError as error:
        sys.exit(f"nothing was measured: {error}")


if __name__ == "__main__":
    main()
