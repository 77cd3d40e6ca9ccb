"""`sgdcore` and `classroom` as one file that pip installs, the same bytes wherever it is made.

A build backend would write the permissions that the files have here and its own version, and a
compressor's bytes depend on its release: so the file is put together here, uncompressed.
"""

import base64
import hashlib
import re
import tomllib
import zipfile
from pathlib import Path

PACKAGES = ("sgdcore", "classroom")
ANSWERS = re.compile(r"classroom/exercises/chapter_\d\d\.py")
DATE = (1980, 1, 1, 0, 0, 0)  # where zip files begin
MODE = 0o100644 << 16
WHEEL = """\
Wheel-Version: 1.0
Generator: classroom.hand_out.wheel
Root-Is-Purelib: true
Tag: py3-none-any
"""


def project(root):
    """The table ``project`` of ``pyproject.toml``."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def stem(about):
    return f"{about['name'].replace('-', '_')}-{about['version']}"


def name(root):
    """The name of the file."""
    return f"{stem(project(root))}-py3-none-any.whl"


def metadata(about):
    extras = about["optional-dependencies"]
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {about['name']}",
        f"Version: {about['version']}",
        f"Summary: {about['description']}",
        f"License-Expression: {about['license']}",
        *(f"License-File: {file}" for file in about["license-files"]),
        f"Requires-Python: {about['requires-python']}",
        *(f"Requires-Dist: {need}" for need in about["dependencies"]),
    ]
    for extra, needs in extras.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {need}; extra == "{extra}"' for need in needs]
    return "\n".join(lines) + "\n"


def contents(root, instead=None):
    """The content of every file of the wheel, by its name, but for the record of them.

    Parameters
    ----------
    root : Path
        Of the repository.
    instead : dict, optional
        Files, by their names, that stand in the place of the answers.
    """
    about = project(root)
    info = f"{stem(about)}.dist-info"
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for package in PACKAGES
        for path in sorted((root / package).rglob("*"))
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    }
    if instead is not None:
        files = {name: files[name] for name in files if not ANSWERS.fullmatch(name)} | instead
    for file in about["license-files"]:
        files[f"{info}/licenses/{file}"] = (root / file).read_bytes()
    files[f"{info}/METADATA"] = metadata(about).encode()
    files[f"{info}/WHEEL"] = WHEEL.encode()
    return files, f"{info}/RECORD"


def digest(content):
    sha = hashlib.sha256(content).digest()
    return "sha256=" + base64.urlsafe_b64encode(sha).decode("ascii").rstrip("=")


def write(root, folder, instead=None):
    """Write the wheel of the course at ``root`` into ``folder``; return its path."""
    files, record = contents(root, instead)
    listing = [f"{file},{digest(content)},{len(content)}" for file, content in files.items()]
    files[record] = ("\n".join([*listing, f"{record},,"]) + "\n").encode()
    wheel = Path(folder) / name(root)
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as packed:
        for file, content in files.items():
            entry = zipfile.ZipInfo(file, DATE)
            entry.create_system, entry.external_attr = 3, MODE
            packed.writestr(entry, content)
    return wheel
