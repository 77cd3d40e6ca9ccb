"""Figures with one look, each with a description computed from what it shows; numbers for the text.

A chapter makes a figure with :func:`figure`, draws on its axes with Matplotlib's own methods and
with the functions below, and ends the cell with :func:`show`. Numbers that the prose quotes are
published with :func:`record`.
"""

import base64
import io
import re

import numpy as np

from sgdcore._checks import require_array, require_count, require_floats, require_number, shown

# The colours of Okabe and Ito (2008), told apart by colour-blind readers, in an order that keeps
# neighbours apart in lightness too. Dark mode inverts the lightness and keeps the hue.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# Lines differ by dash as well, so that a figure can be read without its colours.
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (10, 2)), "-", "-")
STYLE = {
    "axes.edgecolor": "#444444",
    "axes.grid": True,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "figure.dpi": 120,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "font.size": 10.5,
    "grid.color": "#888888",
    "grid.alpha": 0.25,
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.8,
}
BAND = (0.1, 0.9)
CLOSE = {"columnspacing": 1.2, "handlelength": 1.6, "handletextpad": 0.5}  # a legend in a row
# What TeX writes in a label and what is said instead, in this order. A command that is missing
# here is said by its name: eta, star, partial.
SAID = (
    (r"\\sqrt\{([^{}]*)\}", r"√(\1)"),
    (r"\\hat (\w)", r"\1 hat"),
    (r"\\(?:Vert ?|\|)", "‖"),
    (r"\\cdot", " · "),
    (r"\\propto", "∝ "),
    (r"\\varepsilon", "epsilon"),
    (r"\\mathbb", ""),
    (r"\\,", " "),
    (r"(?<=[A-Za-z0-9}])\\", " "),  # the names of two letters are two words
    (r"[$\\{}]", ""),
)


def figure(columns=1, rows=1, *, width=7.0, height=3.4, **axes_options):
    """An empty figure in the look of the book.

    Parameters
    ----------
    columns, rows : int
        Number of panels.
    width, height : float
        Of the whole figure, in inches.
    **axes_options
        Passed to ``fig.subplots``, such as ``sharey=True``.

    Returns
    -------
    fig : matplotlib.figure.Figure
        Not known to pyplot: only :func:`show` displays it.
    axes : matplotlib.axes.Axes, or array of them
    """
    import matplotlib as mpl
    from cycler import cycler
    from matplotlib.figure import Figure

    cycle = cycler(color=COLOURS) + cycler(linestyle=DASHES)
    with mpl.rc_context({**STYLE, "axes.prop_cycle": cycle}):
        fig = Figure(figsize=(width, height), layout="constrained")
        return fig, fig.subplots(rows, columns, **axes_options)


def bands(ax, x, runs, label, **line_options):
    """Draw many runs as their median and the band from the 10 % to the 90 % quantile.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x : array of shape (T,)
        Steps, or gradient evaluations.
    runs : array of shape (R, T)
        One row a run. A value that is not finite counts as infinitely large.
    label : str
        For the legend.
    **line_options
        Passed to ``ax.plot``.

    Returns
    -------
    matplotlib.lines.Line2D
        The median.

    Raises
    ------
    ValueError
        If they are not numbers, or ``runs`` is not of shape (R, T) with T the length of ``x``.
    """
    x, runs = require_floats("x", x), require_floats("runs", runs)
    if runs.ndim != 2 or x.shape != runs.shape[1:]:
        raise ValueError(
            f"runs must have shape (R, T) and x (T,), got shapes {runs.shape} and {x.shape}"
        )
    worst = np.where(np.isfinite(runs), runs, np.inf)
    low, middle, high = np.quantile(
        worst, (BAND[0], 0.5, BAND[1]), axis=0, method="inverted_cdf"
    )
    (line,) = ax.plot(x, middle, label=label, **line_options)
    # An infinite edge would make the whole band vanish.
    top = np.where(np.isfinite(high), high, np.finfo(float).max)
    ax.fill_between(x, low, top, where=np.isfinite(low), color=line.get_color(), alpha=0.2, lw=0)
    return line


def contours(ax, function, xlim, ylim, *, levels=None, points=121):
    """Draw the level lines of a function of two parameters.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    function : callable
        ``theta -> value``, from ``(..., 2)`` to ``(...,)``.
    xlim, ylim : pair of float
        The window.
    levels : array, optional
        Values of the lines; without it, twelve quantiles of the values in the window.
    points : int
        Grid points a side.

    Returns
    -------
    matplotlib.contour.QuadContourSet
    """
    points = require_count("points", points, at_least=2)
    x, y = np.linspace(*xlim, points), np.linspace(*ylim, points)
    values = function(np.stack(np.meshgrid(x, y), axis=-1))
    if levels is None:
        levels = np.unique(np.quantile(values, np.linspace(0.01, 0.95, 12)))
    look = {"colors": "#777777", "linewidths": 0.8, "linestyles": "solid", "alpha": 0.8}
    lines = ax.contour(x, y, values, levels=levels, **look)
    ax.set(xlim=xlim, ylim=ylim)
    ax.grid(visible=False)
    return lines


def trajectory(ax, path, label, **line_options):
    """Draw the iterates of one run in the plane of two parameters; a ring marks the start.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    path : array of shape (T, 2)
    label : str
        For the legend.
    **line_options
        Passed to ``ax.plot``.

    Returns
    -------
    matplotlib.lines.Line2D

    Raises
    ------
    ValueError
        If ``path`` is not of shape (T, 2).
    """
    path = require_floats("path", path)
    if path.ndim != 2 or path.shape[-1] != 2 or not len(path):
        raise ValueError(f"path must have shape (T, 2), got {path.shape}")
    style = {"marker": ".", "markersize": 4, "linewidth": 1.2, **line_options}
    (line,) = ax.plot(path[:, 0], path[:, 1], label=label, **style)
    ax.plot(*path[0], "o", fillstyle="none", markersize=9, color=line.get_color())
    return line


def fit(ax, x, y, x_line, lines, label):
    """Draw data and the lines that were fitted to it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x, y : arrays of shape (n,)
        The data.
    x_line : array of shape (T,)
        Where the fitted lines are evaluated.
    lines : array of shape (R, T)
        One fitted line a run; one run is a band of no width.
    label : str
        For the legend.

    Returns
    -------
    matplotlib.lines.Line2D
        The median line.
    """
    ax.plot(x, y, "o", color="#777777", markersize=3.5, alpha=0.7, label="data")
    return bands(ax, x_line, lines, label)


def show(fig):
    """Display a figure together with a description computed from the data it shows.

    The description is what the notebooks' comparison checks, and what a reader hears who does not
    see the picture. It is the last statement of a cell, and there is one of it in a cell. Where
    artists have labels, a legend is added unless there is one: inside the panel if there is room,
    and otherwise above it.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Made by :func:`figure`.
    """
    from IPython.display import display

    _add_legends(fig)
    picture = io.BytesIO()
    # Without the library's version in the file, the same picture is the same bytes.
    fig.savefig(picture, format="png", dpi=120, metadata={"Software": None})
    display(
        {
            "image/png": base64.b64encode(picture.getvalue()).decode(),
            "text/plain": describe(fig),
        },
        metadata={"needs_background": "light", "course": {"figure": True}},
        raw=True,
    )


def _add_legends(fig):
    """Give each panel whose artists have labels a legend that hides nothing."""
    lacking = [
        ax for ax in fig.axes if ax.get_legend_handles_labels()[1] and not ax.get_legend()
    ]
    for ax in lacking:
        ax.legend()
    fig.draw_without_rendering()  # now the panels have their places
    for ax in lacking:
        if _hides_something(ax.get_legend()):
            _move_above(ax)
    for ax in fig.axes:
        if ax.get_legend():
            ax.get_legend().set_frame_on(False)


def _hides_something(legend):
    """Whether a line, an area or a point lies under the words of a legend."""
    from matplotlib.collections import PathCollection, PolyCollection

    box = legend.get_window_extent().padded(-5)  # its rim is empty
    ax = legend.axes
    points, paths = [], []
    for line in ax.lines:
        path = line.get_transform().transform_path(line.get_path())
        if line.get_linestyle() == "None":
            points.append(path.vertices)
        else:
            paths.append((path, False))
    for collection in ax.collections:
        if isinstance(collection, PathCollection):
            places = collection.get_offset_transform().transform(collection.get_offsets())
            points.append(np.ma.filled(places, np.nan))
        else:
            filled = isinstance(collection, PolyCollection)
            transform = collection.get_transform()
            paths += [(transform.transform_path(path), filled) for path in collection.get_paths()]
    for patch in ax.patches:
        paths.append((patch.get_transform().transform_path(patch.get_path()), True))
    return any(box.count_contains(places) for places in points if len(places)) or any(
        path.intersects_bbox(box, filled) for path, filled in paths
    )


def _move_above(ax):
    """Put the legend of a panel above it, in as few rows as fit, and a title above the legend."""
    entries = len(ax.get_legend().get_texts())
    for columns in range(entries, 0, -1):
        legend = ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=columns, **CLOSE)
        size = legend.get_window_extent()
        if size.width <= ax.get_window_extent().width:
            break
    if ax.get_title():
        ax.set_title(ax.get_title(), pad=size.height * 72 / ax.figure.dpi + 8)


def record(name, value, rtol=1e-6, reason=None):
    """Publish a number, the one way in which a number reaches the text.

    The text quotes it as ``{glue:text}`` with the notebook's name, and the comparison of the
    notebook's outputs allows it to differ by ``rtol`` times its stored value, since the last
    digits of a sum depend on the processor.

    Parameters
    ----------
    name : str
        Unique in its notebook; letters, digits, ``-`` and ``_``.
    value : float or int
        The number.
    rtol : float
        Relative tolerance, at least 0.
    reason : str, optional
        Why the tolerance is above 1e-2, if it is.

    Raises
    ------
    ValueError
        If the name or the value cannot be published, or a wide tolerance has no reason.
    """
    from IPython.display import display

    if not isinstance(name, str) or not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"name must be letters, digits, - and _, got {name!r}")
    value = require_array(f"{name}: value", value, "iuf", "one number")
    if value.ndim:
        raise ValueError(f"{name}: value must be one number, got {shown(value)}")
    rtol = require_number(f"{name}: rtol", rtol, at_least=0)
    if rtol > 1e-2 and not reason:
        raise ValueError(f"{name}: a tolerance above 1e-2 needs a reason, got rtol={rtol!r}")
    number = value.item()
    tolerance = {"rtol": rtol} | ({"reason": reason} if reason else {})
    display(
        {
            "text/plain": repr(number),
            "text/html": f'<code class="record">{name} = {number:.6g}</code>',
        },
        metadata={"scrapbook": {"name": name, "mime_prefix": ""}, "record": tolerance},
        raw=True,
    )


def describe(fig):
    """What a figure shows, in words and two-digit numbers computed from its artists.

    Parameters
    ----------
    fig : matplotlib.figure.Figure

    Returns
    -------
    str
        One sentence an axis, line, band, cloud of points, set of bars, image and annotation.
    """
    panels = [ax for ax in fig.axes if ax.axison and ax.get_label() != "<colorbar>"]
    if len(panels) == 1:
        return " ".join(_describe_axes(panels[0]))
    return " ".join(
        f"Panel {number} of {len(panels)}. " + " ".join(_describe_axes(ax))
        for number, ax in enumerate(panels, start=1)
    )


def _describe_axes(ax):
    """The sentences about one panel."""
    title = ax.get_title() or ax.get_title(loc="left") or ax.get_title(loc="right")
    sentences = [f"{_plain(title)}."] if title else []
    sentences += [_describe_axis("Horizontal", ax.xaxis, ax.get_xlim())]
    sentences += [_describe_axis("Vertical", ax.yaxis, ax.get_ylim())]
    bars = [bar for bar in ax.containers if hasattr(bar, "datavalues")]
    parts = [
        *(_describe_line(line, ax) for line in ax.lines),
        *(_describe_collection(collection) for collection in ax.collections),
        *(_describe_bars(bar, ax) for bar in bars),
        *(_describe_image(image) for image in ax.images),
        *(f"Note: {_plain(text.get_text())}." for text in ax.texts if text.get_text()),
    ]
    return sentences + [part for part in parts if part]


def _describe_axis(name, axis, limits):
    scale = " (log scale)" if axis.get_scale() == "log" else ""
    label = _plain(axis.get_label_text()) or "without label"
    return f"{name} axis: {label}{scale}, from {_digits(limits[0])} to {_digits(limits[1])}."


def _describe_line(line, ax):
    x, y = (np.asarray(values, dtype=float) for values in line.get_data())
    label = "" if line.get_label().startswith("_") else _plain(line.get_label())
    if line.get_transform() != ax.transData:  # axhline, axvline
        along, at = ("vertical", x[0]) if len(set(x)) == 1 else ("horizontal", y[0])
        return f"{label or 'A line'}: {along} at {_digits(at)}."
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if not len(x):
        return f"{label or 'A line'}: no finite value."
    if len(x) == 1:
        return f"{label or 'A point'}: at ({_digits(x[0])}, {_digits(y[0])})."
    start, middle, end = (f"({_digits(x[k])}, {_digits(y[k])})" for k in (0, len(x) // 2, -1))
    return (
        f"{label or 'A line'}: {len(x)} points from {start} by {middle} to {end}, "
        f"lowest {_digits(y.min())}, highest {_digits(y.max())}."
    )


def _describe_collection(collection):
    from matplotlib.collections import PathCollection, PolyCollection
    from matplotlib.contour import ContourSet

    label = "" if collection.get_label().startswith("_") else _plain(collection.get_label())
    if isinstance(collection, ContourSet):
        low, high = collection.levels[0], collection.levels[-1]
        return f"{len(collection.levels)} level lines from {_digits(low)} to {_digits(high)}."
    if isinstance(collection, PolyCollection):
        edges = np.concatenate([path.vertices for path in collection.get_paths()] or [[]])
        if not edges.size:
            return ""
        last = edges[edges[:, 0] == edges[:, 0].max(), 1]
        return f"{label or 'Band'}: ends from {_digits(last.min())} to {_digits(last.max())}."
    if isinstance(collection, PathCollection):
        points = np.ma.filled(collection.get_offsets(), np.nan)
        points = points[np.isfinite(points).all(axis=-1)]
        if not len(points):
            return f"{label or 'Points'}: no finite value."
        (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
        return (
            f"{label or 'Points'}: {len(points)} points, {_digits(left)} to {_digits(right)} "
            f"across, {_digits(bottom)} to {_digits(top)} up, "
            f"mean height {_digits(points[:, 1].mean())}."
        )
    return ""


def _describe_bars(bars, ax):
    label = "" if bars.get_label().startswith("_") else _plain(bars.get_label())
    upright = bars.orientation != "horizontal"
    axis = ax.xaxis if upright else ax.yaxis
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
    names = {at: tick.get_text() for at, tick in ticks}
    heights = []
    for patch, value in zip(bars.patches, bars.datavalues, strict=True):
        low, size = (
            (patch.get_x(), patch.get_width()) if upright else (patch.get_y(), patch.get_height())
        )
        name = _plain(names.get(low + size / 2, "")) or _digits(low + size / 2)
        heights.append(f"{name}: {_digits(value)}")
    if len(heights) > 12:
        values = np.asarray(bars.datavalues)
        peak = int(values.argmax())
        return (
            f"{label or 'Bars'}: {len(heights)} bars, highest {heights[peak]}, "
            f"mean {_digits(values.mean())}."
        )
    return f"{label or 'Bars'}: " + ", ".join(heights) + "."


def _describe_image(image):
    values = np.asarray(image.get_array(), dtype=float)
    size = " by ".join(str(length) for length in values.shape[:2])
    return f"Image of {size} values from {_digits(values.min())} to {_digits(values.max())}."


def _digits(value):
    """Two significant digits, the same on every processor.

    Rounding to nine digits first keeps a value such as 0.125 from falling to either side, and
    what is smaller than 1e-12 is rounding error, whose digits mean nothing.
    """
    if abs(value) < 1e-12:
        return "0"
    rounded = float(f"{float(f'{value:.9g}'):.2g}")
    return f"{rounded:.10g}" if 1e-3 <= abs(rounded) < 1e6 else f"{rounded:.2g}"


def _plain(text):
    """A label as one says it, without the signs of mathematical typesetting."""
    for typeset, said in SAID:
        text = re.sub(typeset, said, text)
    return " ".join(text.split())
