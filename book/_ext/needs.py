"""What needs what: the chapters' stated prerequisites, and a picture of them.

A chapter states them once, as links in its paragraph *Before you start*. The directive
``needs-graph`` draws them: one row a chapter, in their order, and beside the picture a list that
says the same in words. A line runs down from a chapter, in a lane that is its own until the last
chapter that needs it, and branches off to each of them: no line passes through a chapter that has
nothing to do with it. What follows from other lines is said in the list and not drawn.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from folding import INTERACTIVE
from minutes import CHAPTER, note_chapters
from sphinx.util.docutils import SphinxDirective

CORE = ("01", "02", "03", "04", "06", "09", "12", "13")  # closed: a test asks
BEFORE = re.compile(r"\*\*Before you start:\*\*.*?(?=\n\n|\Z)", re.DOTALL)
LINK = re.compile(r"\]\((\d\d)-[\w-]+\.ipynb")
TITLE = re.compile(r"# (.+)")
INKS = 4  # course.css has a colour for each; lanes side by side differ
ROOM = {"wide": (2.2, 1.0), "narrow": (3.8, 0.62)}  # height of a row and width of a lane, in rem
LABEL = "A line from each chapter to those that need it; the list after this picture says the same"


def first_text(path):
    """The first cell of a chapter: its title, and what is to be known before."""
    return "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])


def stated(text):
    """The numbers of the chapters that a chapter's first cell names as its prerequisites."""
    found = BEFORE.search(text)
    return sorted(set(LINK.findall(found[0]))) if found else []


def drawn(needs):
    """The prerequisites that do not follow from the others."""
    known = {}  # for each chapter all that it needs, directly or not
    for chapter, before in needs.items():
        known[chapter] = set(before).union(*(known[other] for other in before))
    return {
        chapter: [one for one in before if not any(one in known[other] for other in before)]
        for chapter, before in needs.items()
    }


def lanes(edges):
    """The lane of each chapter: free from its row to that of the last chapter that needs it."""
    order = list(edges)
    ends = {chapter: chapter for chapter in order}
    for chapter, before in edges.items():
        ends.update(dict.fromkeys(before, chapter))
    held, found = {}, {}
    for chapter in order:
        straight = [found[one] for one in edges[chapter] if ends[one] == chapter]
        taken = {lane for lane, one in held.items() if ends[one] > chapter}
        free = min(set(range(len(order))) - taken - set(straight))
        found[chapter] = min(straight, default=free)
        held[found[chapter]] = chapter
    return found


def branch(start, end, bend):
    """The path of a line: down the lane of the one, then across to the other."""
    (x, y), (to, bottom) = start, end
    if x == to:
        return f"M{x:g} {y:g}V{bottom:g}"
    side = bend if to > x else -bend
    return f"M{x:g} {y:g}V{bottom - bend:g}q0 {bend:g} {side:g} {bend:g}H{to:g}"


def picture(edges, kind):
    """The lanes as an SVG picture, which the list beside it describes."""
    place, (row, lane) = lanes(edges), ROOM[kind]
    # Ten units are 1 rem.
    where = {
        chapter: (10 * lane * (place[chapter] + 0.6), 10 * row * (k + 0.5))
        for k, chapter in enumerate(edges)
    }
    width, height = lane * (max(place.values()) + 1.2), row * len(edges)
    lines = "".join(
        f'<path class="lane-{place[one] % INKS}" data-edge="{one}-{chapter}"'
        f' d="{branch(where[one], where[chapter], 4)}"/>'
        for chapter, before in edges.items()
        for one in before
    )
    rows = "".join(
        f'<path class="row" d="M{x:g} {y:g}H{10 * width:g}"/>' for x, y in where.values()
    )
    dots = "".join(
        f'<circle class="lane-{place[chapter] % INKS}{" core" if chapter in CORE else ""}"'
        f' cx="{x:g}" cy="{y:g}" r="{4 if chapter in CORE else 3}"/>'
        for chapter, (x, y) in where.items()
    )
    return (
        f'<svg class="{kind}" role="img" aria-label="{LABEL}"'
        f' viewBox="0 0 {10 * width:g} {10 * height:g}" width="{16 * width:g}"'
        f' height="{16 * height:g}" style="width:{width:g}rem;height:{height:g}rem">'
        f"{rows}{lines}{dots}</svg>"
    )


class NeedsGraph(SphinxDirective):
    """The picture and the list, made from what the chapters state."""

    def run(self):
        note_chapters(self.env)
        docs = sorted(filter(CHAPTER.match, self.env.found_docs))
        texts = {CHAPTER.match(doc)[1]: first_text(Path(self.env.doc2path(doc))) for doc in docs}
        needs = {chapter: stated(text) for chapter, text in texts.items()}
        items = []
        for doc, (chapter, text) in zip(docs, texts.items(), strict=True):
            before = f"needs {', '.join(needs[chapter])}" if needs[chapter] else "needs no other"
            items += [f"- {chapter} [{TITLE.match(text)[1]}](/{doc}.ipynb) *{before}*"]
        pictures = "".join(picture(drawn(needs), kind) for kind in ROOM)
        box = nodes.container(classes=["needs"])
        box += nodes.raw("", pictures, format="html")
        box += self.parse_text_to_nodes("\n".join(items))
        return [box]


def drop_pictures(app, doctree, docname):
    """Without the book's style sheet there is no beside: an EPUB has the list."""
    for box in doctree.findall(nodes.container):
        if "needs" in box["classes"] and app.builder.name not in INTERACTIVE:
            box.children = [child for child in box if not isinstance(child, nodes.raw)]


def setup(app):
    app.add_directive("needs-graph", NeedsGraph)
    app.connect("doctree-resolved", drop_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
