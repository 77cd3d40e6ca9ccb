"""How each label of the book reads in its text, for the notebooks that are handed out.

When the pages are built, ``_build/numbering.json`` says which number a theorem, a formula or an
exercise has, how a work is cited, and what a measured number of an explorer is. With it the
downloads are written: the button of a page gives the notebook that a student gets, and the
course's wheel, which that notebook needs. A build without solutions says so there, and its wheel
has no answers.
"""

import json
from functools import cache
from itertools import chain
from pathlib import Path

import pybtex.plugin
from explorers import MEASURED, load
from sphinx.addnodes import pending_xref

from classroom.hand_out import student, wheel

# For each of hundreds of citations pybtex looks through every installed package anew.
pybtex.plugin._load_entry_point = cache(pybtex.plugin._load_entry_point)

CITED = {"t": "cite:t", "p": "cite:p"}


def heads(env):
    """For each label of a theorem, a definition, …, or an exercise: "Theorem 3.2"."""
    exercises = {
        label: (about["docname"], "exercise")
        for label, about in env.sphinx_exercise_registry.items()
        if about["type"] == "exercise"
    }
    proofs = {
        label: (about["docname"], about["countertype"])
        for label, about in env.proof_list.items()
        if not about["nonumber"]
    }
    return {
        label: f"{kind.capitalize()} {numbered(env, page, kind, label)}".strip()
        for label, (page, kind) in (proofs | exercises).items()
    }


def numbered(env, page, kind, label):
    """The number of a thing; empty on a page outside the numbered chapters."""
    number = env.toc_fignumbers.get(page, {}).get(kind, {}).get(label, ())
    return ".".join(map(str, number))


def formulas(env):
    """For each label of a formula its number."""
    return {
        label: numbered(env, page, "displaymath", f"equation-{label}")
        for label, (page, _) in env.domaindata["math"]["objects"].items()
    }


def citations(env, builder):
    """For each work the two ways to cite it: "Robbins and Monro (1951)", and all in brackets."""
    domain = env.get_domain("cite")
    keys = {citation.key for citation in domain.citations}
    return {
        role: {key: cited(env, builder, domain, kind, key) for key in sorted(keys)}
        for kind, role in CITED.items()
    }


def cited(env, builder, domain, kind, key):
    node = pending_xref()
    return domain.resolve_xref(env, "", builder, kind, key, node, node).astext()


def slugs(metadata):
    """The names by which headings are linked to, where the page has another."""
    known = metadata.get("myst_slugs", {}).items()
    return {slug: name for slug, (_, name, _) in known if slug != name}


def collect(app):
    env = app.env
    measured = (metadata.get("measured", {}) for metadata in env.metadata.values())
    return {
        "address": app.config.html_baseurl,
        "repository": app.config.html_theme_options.get("repository_url", ""),
        "solutions": app.config.solutions,
        "heads": heads(env),
        "eq": formulas(env),
        **citations(env, app.builder),
        "places": {
            name: page for name, (page, _) in env.domaindata["std"]["anonlabels"].items()
        },
        "anchors": {page: slugs(metadata) for page, metadata in env.metadata.items()},
        "measured": dict(chain.from_iterable(map(dict.items, measured))),
        "explorers": {name: about["alt"] for name, about in load(MEASURED).items()},
    }


def write(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    numbering = collect(app)
    text = json.dumps(numbering, indent=1, ensure_ascii=False, sort_keys=True)
    (Path(app.outdir).parent / "numbering.json").write_text(text + "\n", encoding="utf-8")
    downloads = Path(app.outdir) / "_sources"
    student.write_notebooks(downloads, numbering)
    student.write_wheel(downloads, numbering)


def offer_wheel(app, pagename, templatename, context, doctree):
    """Beside the notebook's entry under the download button, one for the course's wheel."""
    if app.builder.name != "html" or context.get("page_source_suffix") != ".ipynb":
        return
    entry = {
        "type": "link",
        "url": f"{context['pathto']('_sources', 1)}/{wheel.name(student.ROOT)}",
        "text": ".whl",
        "tooltip": "Download what the notebook needs: the course's module",
        "icon": "fas fa-file",
        "label": "download-wheel-button",
    }
    for group in context["header_buttons"]:
        if group.get("label") == "download-buttons":
            group["buttons"].insert(1, entry)


def setup(app):
    app.connect("build-finished", write)
    app.connect("html-page-context", offer_wheel, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
