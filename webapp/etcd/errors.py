"""What the store refuses."""


class CompactedError(Exception):
    """The revision asked for has been compacted away."""

    def __init__(self, revision: int, compacted: int) -> None:
        super().__init__(f"revision {revision} has been compacted; oldest kept is {compacted + 1}")
        self.revision = revision
        self.compacted = compacted


class FutureRevisionError(Exception):
    """The revision asked for has not been written yet."""

    def __init__(self, revision: int, current: int) -> None:
        super().__init__(f"revision {revision} is in the future; current is {current}")
        self.revision = revision
        self.current = current
