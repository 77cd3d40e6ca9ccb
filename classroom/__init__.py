"""What a student meets in the notebooks: ``from classroom import check, identify``."""

from classroom.checking import check, identify

__all__ = ["check", "identify"]
