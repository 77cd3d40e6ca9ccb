"""The book's own small changes to what the theme writes."""

import re
from pathlib import Path

from cells import code_cells
from docutils import nodes
from roles import role
from texts import exchange

from classroom.hand_out.plain import in_print

# Its empty icon keeps the browser from asking for one while it is already leaving.
REDIRECT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url={page}.html">
</head>
<body><p><a href="{page}.html">{title}</a></p></body>
</html>
"""

MISTAKE = re.compile(r"tag_(?:mistake:\d\d|source:S\d):(broken|fixed|repaired|measured)")
PER_CENT = re.compile(r"(?<=\d)%|\s%")
# What a check says that it asks is indented, too.
COLUMNS = re.compile(r"\S {2,}\S|^ (?! asked: )", re.MULTILINE)
NO_BREAK = "\N{NO-BREAK SPACE}"
VERBATIM = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.raw)
VERDICTS = {
    "broken": "Broken on purpose",
    "fixed": "Repaired",
    "measured": "A claim, measured",
}


def drop_thebe(app, pagename, templatename, context, doctree):
    """Leave out the scripts that would run cells on a server: they point to other hosts."""
    for kind in ("script_files", "css_files"):
        context[kind] = [
            file
            for file in context.get(kind, [])
            if "thebe" not in f"{file.filename} {file.attributes.get('body')}".lower()
        ]


def skip_fields(app, what, name, item, skip, options):
    """The fields of a NamedTuple are told in its own docstring; autodoc would list them again."""
    return True if type(item).__name__ == "_tuplegetter" else None


def label_mistakes(app, doctree):
    """Say above a cell what it is, if it shows a mistake, a repair or a claim that was measured."""
    for node, cell in code_cells(doctree, app.env):
        tags = [tag[1] for tag in filter(None, map(MISTAKE.fullmatch, node["classes"]))]
        verdict = (tags or [role(cell) or ""])[0]
        verdict = verdict.replace("repaired", "fixed")  # as the programs of the sources say
        if verdict in VERDICTS:
            node["classes"].append(f"mistake-{verdict}")
            node.insert(0, nodes.paragraph("", VERDICTS[verdict], classes=["verdict"]))


def keep_per_cent(app, doctree):
    """Between a number and its per cent sign stands a space at which no line ends."""
    for text in list(doctree.findall(nodes.Text)):
        parent = text.parent
        printed = isinstance(parent, nodes.literal_block) and "output" in parent["classes"]
        if printed:
            kept = text.replace(" %", f"{NO_BREAK}%")
            parent.rawsource = kept  # Sphinx takes a text that differs from it for no program
        elif isinstance(parent, VERBATIM):
            continue
        else:
            kept = PER_CENT.sub(f"{NO_BREAK}%", text)
            if kept.startswith("%") and parent[0] is not text:  # behind a published number
                kept = NO_BREAK + kept
        exchange(text, nodes.Text(kept))


def wrap_sentences(app, doctree):
    """Printed sentences may go on in the next line, however narrow the page; columns may not."""
    for printed in doctree.findall(nodes.literal_block):
        if "output" in printed["classes"] and not COLUMNS.search(printed.astext()):
            printed["classes"].append("sentences")


def write_powers(app, doctree, docname):
    """A published number is read as in print: a power of ten, and a space before per cent."""
    for number in doctree.findall(nodes.inline):
        if "pasted-text" in number["classes"]:
            text = PER_CENT.sub(f"{NO_BREAK}%", in_print(number.astext()))
            number.children = [nodes.Text(text)]


def mend_solution_titles(app, doctree, docname):
    """The space before a linked exercise is no part of the link: it would be underlined."""
    for link in list(doctree.findall(nodes.reference)):
        words = link.children[0]
        if isinstance(link.parent, nodes.title) and words.astext().startswith(" "):
            link.parent.insert(link.parent.index(link), nodes.Text(" "))
            link.replace(words, nodes.Text(words.astext().lstrip()))


def launch_only_what_is_published(app):
    """Without a repository's address Binder and Colab have nothing to open; nor has an EPUB."""
    options = app.config.html_theme_options
    if app.builder.name != "html" or not options.get("repository_url"):
        options.pop("launch_buttons", None)


def write_entrance(app, exception):
    """Open the book at its root page, also from a file system."""
    if exception is None and app.builder.name == "html":
        html = REDIRECT.format(page=app.config.root_doc, title=app.config.html_title)
        (Path(app.outdir) / "index.html").write_text(html, encoding="utf-8")


def setup(app):
    app.connect("builder-inited", launch_only_what_is_published)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("doctree-read", label_mistakes)
    app.connect("doctree-read", keep_per_cent)
    app.connect("doctree-read", wrap_sentences)
    app.connect("doctree-resolved", write_powers)
    app.connect("doctree-resolved", mend_solution_titles)
    app.connect("build-finished", write_entrance)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
