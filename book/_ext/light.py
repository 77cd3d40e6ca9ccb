"""Pages that are light: nothing loaded that is not used, nothing waited for, nothing that moves."""

import re
from pathlib import Path

from sphinx.util.images import get_image_size

PICTURE = re.compile(r'<img (?=[^>]*\bsrc="[^"]*_images/(?P<name>[^"/]+)")')
PANELS = 600  # pixels: a figure wider than this has panels side by side
DESIGN = re.compile(r'class="[^"]*\bsd-')


def drop_design(app, pagename, templatename, context, doctree):
    """Cards and tabs have a style sheet and a script: where there are some, but not elsewhere."""
    if DESIGN.search(context.get("body", "")):
        return
    for kind in ("script_files", "css_files"):
        context[kind] = [
            file
            for file in context[kind]
            if "design" not in f"{file.filename} {file.attributes.get('body')}"
        ]


def defer_scripts(app, pagename, templatename, context, doctree):
    """The page is read and shown before they run, except those that others count on."""

    def deferred(file):
        if not file.filename or "documentation_options" in file.filename:
            return file
        attributes = {**file.attributes, "defer": "defer"}
        return type(file)(file.filename, priority=file.priority, **attributes)

    if pagename != "search":
        context["script_files"] = [deferred(file) for file in context["script_files"]]


def fix_pictures(app, pagename, templatename, context, doctree):
    """Keep the room for each picture, and fetch it when the reader comes near."""
    sources = {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}

    def measured(tag):
        width, height = get_image_size(sources[tag["name"]])
        panels = 'data-panels="" ' if width > PANELS else ""  # course.css lets it scroll
        return f'{tag[0]}{panels}width="{width}" height="{height}" loading="lazy" decoding="async" '

    if "body" in context:
        context["body"] = PICTURE.sub(measured, context["body"])


def setup(app):
    for sheet in ("icons.css", "light.css"):
        app.add_css_file(sheet, priority=900)
    for change in (drop_design, defer_scripts, fix_pictures):
        app.connect("html-page-context", change, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
