"""A POSIX shell: :mod:`parser` makes :mod:`syntax` trees, :mod:`interpreter` runs them in virtual time."""
