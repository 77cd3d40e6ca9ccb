"""``make run``: what it stores, and when it refuses."""

import base64
import io

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from book._tools import run


def png(level=200, size=(40, 30)):
    stream = io.BytesIO()
    Image.fromarray(np.full((*size, 3), level, dtype=np.uint8)).save(stream, format="png")
    return base64.b64encode(stream.getvalue()).decode()


def figure(description="a line", picture=None):
    data = {"image/png": picture or png(), "text/plain": description}
    return new_output("display_data", data)


def store(folder, *cells):
    path = folder / "made-up.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def test_running_twice_stores_the_same_bytes(tmp_path):
    path = store(tmp_path, new_markdown_cell("# A"), new_code_cell("print('a')\nprint('b')"))
    run.run(path)
    first = path.read_bytes()
    run.run(path)
    assert path.read_bytes() == first
    stored = nbformat.read(path, as_version=4)
    (output,) = stored.cells[1].outputs
    assert output.text == "a\nb\n"
    assert stored.cells[1].execution_count == 1
    assert "execution" not in stored.cells[1].metadata
    assert "version" not in stored.metadata.language_info
    assert stored.metadata.kernelspec.name == "python3"
    assert first.endswith(b"}\n")
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_file(tmp_path):
    path = store(tmp_path, new_code_cell("1 / 0"))
    before = path.read_bytes()
    with pytest.raises(run.CellExecutionError, match="1 / 0"):
        run.run(path)
    assert path.read_bytes() == before


def test_a_tagged_error_is_stored_without_frames(tmp_path):
    path = store(tmp_path, new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}))
    run.run(path)
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.traceback == ["ZeroDivisionError: division by zero"]


@pytest.mark.parametrize(("library", "shown"), [("no_such_library", "before"), ("json", "now")])
def test_an_optional_cell_keeps_its_outputs_where_its_library_is_missing(tmp_path, library, shown):
    optional = new_code_cell(
        "print('now')",
        metadata={"course": {"optional": library}},
        outputs=[new_output("stream", name="stdout", text="before\n")],
    )
    path = store(tmp_path, optional, new_code_cell("print('after')"))
    run.run(path)
    first, second = nbformat.read(path, as_version=4).cells
    assert first.source == "print('now')"
    assert first.outputs[0].text == f"{shown}\n"
    assert [first.execution_count, second.execution_count] == [1, 2]
    assert second.outputs[0].text == "after\n"


def test_too_many_bytes_of_figures_are_refused(tmp_path, monkeypatch):
    source = (
        "from IPython.display import display\n"
        f"display({{'image/png': '{png()}', 'text/plain': 'a line'}}, raw=True)"
    )
    path = store(tmp_path, new_code_cell(source))
    before = path.read_bytes()
    monkeypatch.setattr(run, "FIGURE_BYTES", 10)
    with pytest.raises(ValueError, match="at most 10 are allowed"):
        run.run(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("limit", "warned"), [(0, True), (1000, False)])
def test_a_slow_notebook_is_stored_and_named(tmp_path, monkeypatch, capsys, limit, warned):
    path = store(tmp_path, new_code_cell("print('done')"))
    monkeypatch.setattr(run, "SECONDS", limit)
    monkeypatch.setattr("sys.argv", ["run", str(path)])
    with pytest.raises(SystemExit) as ended:
        run.main()
    assert ended.value.code == 0 and "done" in path.read_text()
    assert (f"longer than the {limit} s" in capsys.readouterr().err) is warned


def test_ids_are_kept_completed_and_told_apart(tmp_path):
    cells = [new_markdown_cell(text) for text in "abc"]
    text = nbformat.writes(new_notebook(cells=cells))
    text = text.replace(f'   "id": "{cells[2].id}",\n', "").replace(cells[1].id, cells[0].id)
    path = tmp_path / "made-up.ipynb"
    path.write_text(text)
    ids = [cell.id for cell in run.read(path).cells]
    assert ids[0] == cells[0].id
    assert len(set(ids)) == 3
    assert ids == [cell.id for cell in run.read(path).cells]


def test_a_figure_gets_its_description_as_alt():
    cell = new_code_cell(outputs=[figure("a line")])
    run.describe(cell)
    assert cell.metadata["mystnb"]["image"]["alt"] == "a line"
    cell.outputs = []
    run.describe(cell)
    assert "alt" not in cell.metadata["mystnb"]["image"]


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([figure(), figure()], "2 figures"),
        ([figure(" ")], "no description"),
        ([figure("<Figure size 640x480 with 1 Axes>")], "no description"),
    ],
)
def test_figures_out_of_order_are_refused(outputs, message):
    with pytest.raises(ValueError, match=message):
        run.describe(new_code_cell(outputs=outputs))


@pytest.mark.parametrize(
    ("description", "picture", "kept"),
    [
        ("a line", png(200), True),
        ("a line", png(201), False),
        ("a line", png(200, size=(40, 31)), False),
        ("a curve", png(200), False),
    ],
)
def test_a_stored_picture_is_kept_if_nothing_changed(description, picture, kept):
    # The stored picture has the same pixels in other bytes.
    stream = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(png(200)))).save(stream, "png", compress_level=0)
    stored = base64.b64encode(stream.getvalue()).decode()
    old = new_code_cell(outputs=[figure("a line", stored)])
    new = new_code_cell(outputs=[figure(description, picture)])
    run.keep_picture(old, new)
    assert (new.outputs[0].data["image/png"] == stored) == kept
