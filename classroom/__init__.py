"""What a student meets in the notebooks: ``from classroom import check``."""

from classroom.checking import check

__all__ = ["check"]
