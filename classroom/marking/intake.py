"""What was handed in: the files of a submission, read carefully, as data that can travel."""

import contextlib
import hashlib
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from classroom.marking.reader import LARGEST, MOST_NOTEBOOKS, is_aside, is_notebook, looks_like_one

# A link or a pipe must neither be followed nor waited for; Windows has neither flag.
CAREFUL = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
HASH = 24  # hexadecimal digits, 96 bits
MOST_FILES = 10_000  # that are looked at in a folder
MOST_BYTES = 3 * LARGEST  # that are read of a submission


class File(NamedTuple):
    """A file of a submission that may be a notebook, or a zip with some."""

    where: str  # in the submission; empty if it is the submission
    data: bytes
    date: float
    expected: str  # what is said, after what is wrong with it, if it is no notebook


class Submission(NamedTuple):
    """All that is known of a submission, and why something of it could not be read."""

    name: str  # of the file or folder
    page: str  # the name of the files about it, without the ending
    files: tuple[File, ...]
    troubles: tuple[str, ...]

    @property
    def date(self):
        """Of its newest file."""
        return max((file.date for file in self.files), default=0.0)

    def fingerprint(self):
        """A hash of all in it that a mark depends on."""
        digest = hashlib.sha256(repr(self.troubles).encode())
        for file in self.files:
            digest.update(repr(file.where).encode())
            digest.update(hashlib.sha256(file.data).digest())
        return digest.hexdigest()


def take(path):
    """The submission that is at a path; this never fails because of what is in it."""
    found, troubles, room = [], [], MOST_BYTES
    try:
        paths, troubles = files_in(path)
    except (ValueError, OSError) as error:
        paths, troubles = [], [str(error)]
    for one in reversed(paths):  # the newest come first, should there be too much
        where = "" if one == path else readable(one.relative_to(path))
        try:
            with opened(one) as file:
                data, date = file.read(LARGEST + 1), os.fstat(file.fileno()).st_mtime
        except (ValueError, OSError) as error:
            troubles.append(at(where, error))
            continue
        room -= len(data)
        if room < 0:
            troubles.append(f"there is too much in it: the newest {MOST_BYTES // 10**6} MB count")
            break
        found.append(File(where, data, date, _expected(one.name)))
    named = readable(path.name), page_name(path.name)
    return Submission(*named, tuple(reversed(found)), tuple(troubles))


def files_in(path):
    """The files of a submission that may be notebooks, or zips with some.

    Nothing in a folder is believed: links are not followed, and nothing is opened that is no
    ordinary file.

    Returns
    -------
    files : list of Path
        The newest last.
    troubles : list of str
        What was passed over.

    Raises
    ------
    ValueError
        If there are none, or far too many.
    """
    if path.is_symlink() or not os.path.isdir(path):
        return [path], []
    inside, troubles = _walked(path)
    found = [one for one in inside if is_notebook(one.name) or is_zip(one.name)]
    found = found or list(filter(_begins_like_one, inside))
    if not found:
        names = ", ".join(readable(one.name) for one in inside[:5]) or "nothing"
        none = f"there is no notebook in the folder, only: {names}"
        raise ValueError("; ".join([none, *troubles[:1]]))
    if len(found) > MOST_NOTEBOOKS:
        troubles.append(f"there are {len(found)} files in it: the newest {MOST_NOTEBOOKS} count")
    return found[-MOST_NOTEBOOKS:], troubles


def _walked(folder):
    """The files in a folder and below, the newest last, and what was in the way."""
    found, troubles, todo = [], [], [folder]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if is_aside(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        date = entry.stat(follow_symlinks=False).st_mtime
                        found.append((date, Path(entry.path)))
        except OSError as error:
            troubles.append(f"a folder in it cannot be read: {error.strerror}")
        if len(found) + len(todo) > MOST_FILES:
            raise ValueError(f"there are more than {MOST_FILES} files in it")
    return [path for _, path in sorted(found)], troubles


def is_zip(name):
    return name.lower().endswith(".zip")


def _begins_like_one(path):
    with contextlib.suppress(ValueError), opened(path) as file:
        return looks_like_one(file.read(64))
    return False


def opened(path):
    """A file of a submission, to be read.

    Raises
    ------
    ValueError
        If it is no ordinary file, or too large.
    """
    try:
        kind = path.lstat().st_mode
        if stat.S_ISLNK(kind):
            raise ValueError("it is a link, and links are not followed")
        if not stat.S_ISREG(kind):
            raise ValueError("it is no ordinary file")
        file = os.fdopen(os.open(path, os.O_RDONLY | CAREFUL), "rb")
    except OSError as error:
        raise ValueError(f"it cannot be opened: {error.strerror}") from error
    found = os.fstat(file.fileno())  # of what was opened, whatever has taken its place since
    if stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST:
        return file
    file.close()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is no ordinary file")
    raise ValueError(
        f"it has {found.st_size / 10**6:.0f} MB, at most {LARGEST // 10**6} are read; clear the "
        "outputs of the notebook and hand it in again"
    )


def _expected(name):
    """What is said about a file that is none, after what is wrong with it."""
    if is_notebook(name) or is_zip(name):
        return ""
    kind = f"a {readable(Path(name).suffix)} file" if Path(name).suffix else "something else"
    return f"; expected is the .ipynb file that Jupyter saves, or a zip with it, and this is {kind}"


def at(where, trouble):
    """What is wrong with one file among others."""
    return readable(f"{where}: {trouble}" if where else trouble)


def readable(text):
    """Text that can be printed and written anywhere, on one line and of moderate length."""
    return "".join(c if c.isprintable() else " " for c in str(text)[:400]).strip()


def page_name(name):
    """A name for the files about a submission: plain, and no two the same."""
    # Short enough for every file system, even where a letter takes four bytes.
    plain = re.sub(r"[^\w-]+", "-", Path(name).stem).strip("-")[:40]
    return f"{plain}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:HASH]}"
