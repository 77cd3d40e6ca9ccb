r"""Parity: sgdcore step by step beside PyTorch, optax, Keras and scikit-learn.

``cases.py`` is the table: one row a method, with the peer's side and ours. ``conventions.py`` has
the ways from a library's convention to ours where they differ. ``record.py`` runs the peers and
writes what they did into ``traces/``; ``test_parity.py`` replays it with ours, to 1e-10, and needs
no peer. With ``PARITY_LIVE=1`` in the environment the same tests run the peers instead of reading
the traces, and compare the two as well; ``requirements.txt`` names what that takes.
"""
