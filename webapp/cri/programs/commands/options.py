"""Command line options as most tools take them."""

from __future__ import annotations

from webapp.cri.programs.problems import UsageError


class OptionError(UsageError):
    """An option is unknown or lacks its value."""


def parse_options(
    words: list[str], flags: str, valued: str = "", long_names: dict[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Options and operands.

    Args:
        words: The command's words without its name.
        flags: Letters without a value.
        valued: Letters with a value.
        long_names: Long option → letter.

    Returns:
        Letter → value ("" for flags); operands in order.

    Raises:
        OptionError: A letter is none of these.
    """
    found: dict[str, str] = {}
    operands: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            operands.extend(rest)
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            letter = (long_names or {}).get(name, "")
            if not letter:
                raise OptionError(f"unrecognized option '{word}'")
            if letter in valued and not equals:
                value = rest.pop(0) if rest else ""
            found[letter] = value
        elif len(word) > 1 and word[0] == "-":
            _letters(word[1:], flags, valued, rest, found)
        else:
            operands.append(word)
    return found, operands


def _letters(letters: str, flags: str, valued: str, rest: list[str], found: dict[str, str]) -> None:
    for index, letter in enumerate(letters):
        if letter in valued:
            value = letters[index + 1 :]
            if not value:
                if not rest:
                    raise OptionError(f"option requires an argument -- '{letter}'")
                value = rest.pop(0)
            found[letter] = value
            return
        if letter not in flags:
            raise OptionError(f"invalid option -- '{letter}'")
        found[letter] = ""
