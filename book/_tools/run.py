"""Execute notebooks and store their outputs in the form the repository keeps (``make run``).

Usage: python -m book._tools.run chapters/01-learning-as-optimisation.ipynb ...

Nothing is written unless the whole notebook ran and its figures are in order.
"""

import argparse
import base64
import hashlib
import io
import json
import os
import resource
import sys
from importlib.util import find_spec
from pathlib import Path

import nbformat
import numpy as np
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from book._ext.roles import hide_source

FIGURE_BYTES = 500_000  # of all figures in one notebook
SAME_PICTURE = 0.05  # mean difference of a colour level (0 to 255) that rounding alone can make
CELL_TIMEOUT = 300  # seconds
# Of processor time, for other work on the machine adds to every other. What trains networks on
# pictures may take longer.
SECONDS, LONGER = 20, {"14": 60, "15": 60}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
VOLATILE = ("ExecuteTime", "collapsed", "execution", "papermill", "pycharm", "scrolled", "trusted")


class CurrentPython(KernelSpecManager):
    """Whatever kernel a notebook names or a user has installed: run it with this interpreter."""

    def get_kernel_spec(self, kernel_name):
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


class CurrentPythonKernel(AsyncKernelManager):
    """A manager of such a kernel, for nbclient to make and to shut down."""

    def _kernel_spec_manager_default(self):
        return CurrentPython()


def is_missing(cell):
    """Whether a cell is optional and the library it names is not installed."""
    library = cell.metadata.get("course", {}).get("optional")
    return library is not None and find_spec(library) is None


def execute(notebook, folder):
    """Run every cell of ``notebook`` in ``folder``; the outputs replace the stored ones.

    An optional cell (metadata ``"course": {"optional": "keras"}``) keeps its stored outputs where
    its library is not installed.
    """
    kept = [(cell, cell.source, cell.outputs) for cell in notebook.cells if is_missing(cell)]
    for cell, _, _ in kept:
        cell.source, cell.outputs = "pass", []  # it still takes its place in the count
    try:
        _execute(notebook, folder)
    finally:
        for cell, source, outputs in kept:
            cell.source, cell.outputs = source, outputs


def _execute(notebook, folder):
    NotebookClient(
        notebook,
        kernel_manager_class=CurrentPythonKernel,
        timeout=CELL_TIMEOUT,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def read(path):
    """Read a notebook of format 4; a cell without an id, or with one already taken, gets another.

    The new id depends on the cell alone, so that two people who run the same notebook agree.
    """
    raw = json.loads(path.read_text(encoding="utf-8"))
    if raw.get("nbformat") != 4:
        raise ValueError(f"{path}: expected notebook format 4, got {raw.get('nbformat')}")
    taken = set()
    for number, cell in enumerate(raw["cells"]):
        if cell.get("id") is None or cell["id"] in taken:
            content = f"{number} {cell['cell_type']} {''.join(cell['source'])}"
            cell["id"] = hashlib.sha256(content.encode()).hexdigest()[:8]
        taken.add(cell["id"])
    raw["nbformat_minor"] = 5
    return nbformat.reads(json.dumps(raw), as_version=4)


def pictures(cell):
    """Outputs of ``cell`` that are pictures."""
    return [out for out in cell.get("outputs", ()) if "image/png" in out.get("data", ())]


def look_alike(old, new):
    """Whether two PNG pictures (base64) differ by no more than rounding."""
    pixels = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA"), dtype=float)
        for png in (old, new)
    ]
    if pixels[0].shape != pixels[1].shape:
        return False
    return np.abs(pixels[0] - pixels[1]).mean() <= SAME_PICTURE


def keep_picture(old, cell):
    """Put the stored picture back where the new one says and shows the same."""
    for before, after in zip(pictures(old), pictures(cell), strict=False):
        same_text = before["data"].get("text/plain") == after["data"].get("text/plain")
        if same_text and look_alike(before["data"]["image/png"], after["data"]["image/png"]):
            after["data"]["image/png"] = before["data"]["image/png"]


def describe(cell):
    """Make the description of the cell's figure its alt text in the book."""
    shown = pictures(cell)
    if len(shown) > 1:
        raise ValueError(f"cell {cell.id} shows {len(shown)} figures; show at most one in a cell")
    mystnb = cell.metadata.get("mystnb", {})
    if not shown:
        mystnb.get("image", {}).pop("alt", None)
        return
    text = shown[0]["data"].get("text/plain", "").strip()
    if not text or text.startswith("<"):
        raise ValueError(f"the figure of cell {cell.id} has no description; show it by plots.show")
    cell.metadata["mystnb"] = {**mystnb, "image": {**mystnb.get("image", {}), "alt": text}}


def normalise(notebook):
    """Drop what changes from run to run or from machine to machine; fold by the cells' roles."""
    language = notebook.metadata.get("language_info", {})
    language.pop("version", None)
    course = {k: v for k, v in notebook.metadata.items() if k == "course"}
    notebook.metadata = nbformat.from_dict(
        {**course, "kernelspec": KERNEL, "language_info": language}
    )
    for cell in notebook.cells:
        for key in VOLATILE:
            cell.metadata.pop(key, None)
        hide_source(cell)
        for output in cell.get("outputs", ()):
            if output.output_type == "error":  # frames hold paths of this machine
                output.traceback = [f"{output.ename}: {output.evalue}"]


def write(notebook, path):
    """Replace the file in one step, so that an interruption leaves the old one."""
    nbformat.validate(notebook)
    beside = path.with_name(f".{path.name}.new")
    nbformat.write(notebook, beside)
    os.replace(beside, path)


def run(path):
    """Execute, check, normalise and store one notebook; return the bytes of its figures."""
    stored = read(path)
    notebook = read(path)
    execute(notebook, path.parent)
    for old, cell in zip(stored.cells, notebook.cells, strict=True):
        keep_picture(old, cell)
        describe(cell)
    size = sum(
        len(base64.b64decode(out["data"]["image/png"]))
        for cell in notebook.cells
        for out in pictures(cell)
    )
    if size > FIGURE_BYTES:
        raise ValueError(f"figures take {size:,} bytes; at most {FIGURE_BYTES:,} are allowed")
    normalise(notebook)
    write(notebook, path)
    return size


def processor_time():
    """Seconds that the kernels have taken which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", nargs="+", type=Path)
    failed = False
    for path in parser.parse_args().notebook:
        start = processor_time()
        try:
            size = run(path)
        except (CellExecutionError, ValueError, OSError) as error:
            print(f"{path}: not stored\n{error}", file=sys.stderr)
            failed = True
        else:
            seconds, limit = processor_time() - start, LONGER.get(path.name[:2], SECONDS)
            print(f"{path}: {seconds:.1f} s, figures {size / 1000:.0f} kB", flush=True)
            if seconds > limit:
                print(f"{path}: takes longer than the {limit} s it may take", file=sys.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
