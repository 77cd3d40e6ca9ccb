"""Changes to a text of a page, at its own place."""


def exchange(text, *others):
    """Put other nodes where a text stands.

    docutils looks for the first *equal* child, and a full stop stands in many places.
    """
    siblings = text.parent
    place = next(k for k, child in enumerate(siblings) if child is text)
    siblings[place : place + 1] = others
