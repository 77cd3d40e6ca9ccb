"""Proofs and programs that only set up, draw, check or measure are folded away.

A folded part is a ``details`` element. It is written open, and a script in the head folds it before
it is shown: so it is open where no script runs. What is folded follows from the roles (roles.py).
"""

from pathlib import Path

from cells import code_cells
from docutils import nodes
from roles import FOLDED, role
from sphinx.transforms import SphinxTransform
from sphinx_proof.nodes import proof_node
from texts import exchange

INTERACTIVE = {"html", "dirhtml"}  # builders whose pages can be clicked
HEAD = Path(__file__).with_suffix(".js")
SWITCH = (
    '<div class="fold-switch live-only"><button type="button" aria-pressed="false">'
    "Open every proof and program</button></div>"
)


class Folded(nodes.General, nodes.Element):
    """A folded part; its label is what a reader clicks."""


class Fold(SphinxTransform):
    """Wrap what is to be folded."""

    default_priority = 801  # after the cells have their names

    def apply(self):
        cells = list(code_cells(self.document, self.env))
        for node, cell in cells:
            label = FOLDED.get(role(cell))
            programs = [child for child in node if "cell_input" in child["classes"]]
            if label and programs:
                folded = wrap(programs[0], label)
                move_records(node, folded)
        join([node for node, _ in cells])
        for proof in list(self.document.findall(proof_node)):
            wrap(proof, "Proof")
            mark_first_word(proof)


def wrap(node, label):
    folded = Folded(label=label)
    node.replace_self(folded)
    folded += node
    return folded


def move_records(cell, folded):
    """Published numbers go with the program that publishes them: the text quotes them."""
    records = [
        output
        for output in cell.findall(nodes.container)
        if output.get("nb_element") == "mime_bundle" and 'class="record"' in output.astext()
    ]
    if not records:
        return
    outputs = records[0].parent
    moved = nodes.container(classes=outputs["classes"])
    folded += moved
    for record in records:
        outputs.remove(record)
        moved += record
    if not outputs.children:
        cell.remove(outputs)


def join(cells):
    """Have one label for neighbours with the same one, where only one of them has open output."""
    shown = None
    for cell in cells:
        if shown is None or not same_label(shown, cell):
            shown = cell
        elif is_silent(shown):
            move(shown, cell, 0)
            shown = cell
        elif is_silent(cell):
            move(cell, shown, len(folded_part(shown)))
        else:
            shown = cell


def same_label(first, second):
    """Whether two cells stand side by side under the same label."""
    parts = folded_part(first), folded_part(second)
    siblings = first.parent.children
    beside = siblings[siblings.index(first) + 1 :][:1] == [second]
    return all(parts) and beside and parts[0]["label"] == parts[1]["label"]


def folded_part(cell):
    return next((child for child in cell if isinstance(child, Folded)), None)


def is_silent(cell):
    """Whether nothing of a cell is open; what says above it that it is a mistake will be."""
    return len(cell) == 1 and not any(name.startswith("tag_mistake") for name in cell["classes"])


def move(cell, other, place):
    """Put a cell, and those that were put into it, into the folded part of another."""
    (part,) = cell.children
    moved = [child for child in part if "cell" in child["classes"]]
    cell.parent.remove(cell)
    cell.children = []
    cell += [child for child in part if child not in moved]
    folded_part(other).insert(place, [*moved, cell])


def mark_first_word(proof):
    """The label says "Proof" already; the style sheet drops the word where there is a label."""
    text = next(iter(proof.findall(nodes.Text)))
    word, space, rest = text.partition(" ")
    marked = nodes.inline("", word + space, classes=["proof-word"])
    exchange(text, marked, nodes.Text(rest))


def visit(translator, node):
    if translator.builder.name in INTERACTIVE:
        translator.body.append(
            f'<details class="folded" open><summary>{node["label"]}</summary>\n'
        )


def depart(translator, node):
    if translator.builder.name in INTERACTIVE:
        translator.body.append("</details>\n")


def skip(translator, node):
    """Elsewhere nothing is folded."""


def add_switch(app, doctree, docname):
    """One switch under the title opens all that is folded on a page."""
    if app.builder.name in INTERACTIVE and next(iter(doctree.findall(Folded)), None):
        under_title(doctree).append(nodes.raw("", SWITCH, format="html"))


def under_title(doctree):
    """The box under a page's title; it is made when first asked for."""
    title = next(iter(doctree.findall(nodes.title)))
    place = title.parent.index(title) + 1
    after = title.parent[place]
    if "lesson" not in after.get("classes", ()):
        title.parent.insert(place, nodes.container(classes=["lesson"]))
    return title.parent[place]


def add_script(app, pagename, templatename, context, doctree):
    """It must run before the first folded part is shown: it stands in the head, not in a file."""
    if doctree is not None and next(iter(doctree.findall(Folded)), None):
        app.add_js_file(None, body=HEAD.read_text(encoding="utf-8"))


def setup(app):
    elsewhere = dict.fromkeys(["latex", "text", "man", "texinfo"], (skip, skip))
    app.add_node(Folded, html=(visit, depart), **elsewhere)
    app.add_transform(Fold)
    app.connect("doctree-resolved", add_switch)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
