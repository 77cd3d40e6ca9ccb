"""An EPUB as its standard wants it: what Sphinx and the extensions write for pages, mended.

Some extensions copy their style sheets when the book is already packed, and Sphinx reads the
order of the pages from the table of contents as it is written, "../chapters" and all. So the pages
are mended as they are written, and the package is made again when everything is there.
"""

import posixpath
import re
from pathlib import Path

# Extensions give each of these blocks the same name on a page; nothing refers to them.
REPEATED = re.compile(r' id="(?:proof|exercise|solution)(?:-content)?"')
# A list in a parameter's description stands within the paragraph.
OPENED = re.compile(r"<p>((?:(?!</?p\b).)*<(?:ul|ol)\b)", re.DOTALL)
CLOSED = re.compile(r"(</(?:ul|ol)>(?:(?!</?p\b).)*)</p>", re.DOTALL)
ITEM = re.compile(r'<item id="[^"]+" href="(?P<href>[^"]+\.xhtml)" media-type="[^"]+"(?= />)')
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
ROLE = ' role="doc-biblioentry"'  # no longer in the standard


def is_epub(app):
    return app.builder.name == "epub"


def mend_page(app, pagename, templatename, context, doctree):
    """No name twice, no script, no list inside a paragraph."""
    if not is_epub(app):
        return
    context["script_files"] = []
    if "body" in context:
        body = SCRIPT.sub("", REPEATED.sub("", context["body"])).replace(ROLE, "")
        context["body"] = CLOSED.sub(r"\1</div>", OPENED.sub(r"<div>\1", body))


def declared(folder):
    """Add to the entry of a page that there are formulas on it."""

    def entry(match):
        page = (folder / match["href"]).read_text(encoding="utf-8")
        return match[0] + (' properties="mathml"' if "<math" in page else "")

    return entry


def pack_again(app, exception):
    if exception is not None or not is_epub(app):
        return
    builder, folder = app.builder, Path(app.outdir)
    for node in builder.refnodes:
        node["refuri"] = posixpath.normpath(node["refuri"])
    builder.playorder = builder.tocid = 0  # counted from the start again
    builder.build_content()
    content = folder / "content.opf"
    text = content.read_text(encoding="utf-8")
    content.write_text(ITEM.sub(declared(folder), text), encoding="utf-8")
    builder.build_navigation_doc()
    builder.build_toc()
    builder.build_epub()


def setup(app):
    app.connect("html-page-context", mend_page, priority=990)
    app.connect("build-finished", pack_again, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
