"""The student's folder as a branch of this repository, for launch buttons and for students to pull.

Usage: python -m classroom.publish [--branch hand-out]

Neither the files here nor git's index are touched: the folder is made aside and becomes a commit
on top of the branch's last. Where nothing has changed there is no new commit.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from classroom.hand_out.student import BRANCH, ROOT, write


def git(repository, *arguments, check=True, **settings):
    """What git prints; None if it fails where ``check=False``."""
    ran = subprocess.run(
        ["git", *arguments],
        cwd=repository,
        env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"} | settings,
        capture_output=True,
        text=True,
    )
    if ran.returncode and check:
        raise RuntimeError(f"git {arguments[0]}: {ran.stderr.strip()}")
    return None if ran.returncode else ran.stdout.strip()


def tree_of(repository, folder, index):
    """Store the files of a folder in the repository; return the name of their tree."""
    aside = {
        "GIT_DIR": git(repository, "rev-parse", "--absolute-git-dir"),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(index),
    }
    git(folder, "add", "--all", "--force", ".", **aside)
    return git(folder, "write-tree", **aside)


def state(repository):
    """What the folder was made from: the commit, and whether files differ from it."""
    changed = git(repository, "status", "--porcelain", "--untracked-files=no")
    return git(repository, "rev-parse", "--short", "HEAD") + (", changed" if changed else "")


def publish(folder, repository, branch):
    """Make a folder's files the newest commit of a branch; return its name, None if it is the same.

    Raises
    ------
    ValueError
        If the branch is checked out, since its files would no longer be those of its commit.
    RuntimeError
        If git refuses.
    """
    ref = f"refs/heads/{branch}"
    if f"branch {ref}" in git(repository, "worktree", "list", "--porcelain").splitlines():
        raise ValueError(f"the branch {branch} is checked out; publish to one that is not")
    with tempfile.TemporaryDirectory() as aside:
        tree = tree_of(repository, folder, Path(aside) / "index")
    last = git(repository, "rev-parse", "--quiet", "--verify", ref, check=False)
    if last and git(repository, "rev-parse", f"{last}^{{tree}}") == tree:
        return None
    parents = ["-p", last] if last else []
    subject = f"Hand-out of {state(repository)}"
    commit = git(repository, "commit-tree", tree, *parents, "-m", subject)
    git(repository, "update-ref", ref, commit, last or "0" * 40)
    return commit


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--branch", default=BRANCH)
    branch = parser.parse_args().branch
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        commit = publish(folder, ROOT, branch)
    if commit is None:
        print(f"The branch {branch} has these files already")
    else:
        print(f"The branch {branch} is now {commit[:10]}; to share it: git push origin {branch}")
