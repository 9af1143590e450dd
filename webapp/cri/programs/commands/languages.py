"""Language runtimes and package managers: the one example that the documentation runs, and plain words.

``perl -Mbignum=bpi -wle 'print bpi(2000)'`` prints that many digits of pi. Other scripts of perl,
python, node and the like are refused with a clear message, and so are package managers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

    from webapp.cri.programs.userland import Invocation, Wait

    Steps = Generator[Wait, Any, int]

_PI = re.compile(r"print\s+bpi\((\d{1,5})\);?")
MOST_DIGITS = 20_000
_VERSIONS = {
    "go": "go version go1.25.5 linux/amd64",
    "node": "v24.11.1",
    "npm": "11.6.2",
    "perl": "\nThis is perl 5, version 42, subversion 0 (v5.42.0) built for x86_64-linux-gnu\n",
    "php": "PHP 8.4.15 (cli)",
    "pip": "pip 25.3 from /usr/local/lib/python3.14/site-packages/pip (python 3.14)",
    "python": "Python 3.14.0",
    "python3": "Python 3.14.0",
    "ruby": "ruby 3.4.7 (x86_64-linux)",
}


def is_modelled(words: tuple[str, ...]) -> bool:
    """Whether a command line of a language runtime does here what it says."""
    return _digits(list(words)) > 0


def _digits(words: list[str]) -> int:
    """How many digits of pi a command line of perl prints; 0 for any other."""
    if not any("bpi" in word for word in words[1:2]):
        return 0
    return next((int(match[1]) for word in words if (match := _PI.fullmatch(word.strip()))), 0)


def perl(call: Invocation) -> Steps:
    """``perl -Mbignum=bpi -wle 'print bpi(digits)'``: about as slow as the real one."""
    digits = min(_digits(call.argv), MOST_DIGITS)
    if not digits:
        return runtime(call)
    yield from call.flush()
    wait_ms = call.userland.cpu.charge(digits * digits)
    yield max(1, wait_ms)
    call.print(pi_digits(digits))
    return 0


def runtime(call: Invocation) -> int:
    """A language's program, of which only the version is known."""
    if call.argv[1:] in (["--version"], ["-v"], ["-V"], ["version"]) and call.name in _VERSIONS:
        call.print(_VERSIONS[call.name])
        return 0
    return call.complain("programs of this language are not modelled by Podarium", 127)


def package_manager(call: Invocation) -> int:
    """``apt-get``, ``apk`` and their like: images have what they have."""
    call.write(
        f"{call.name}: installing packages is not modelled by Podarium: "
        "images here have what they have, and there is no network outside the cluster\n".encode(),
        2,
    )
    return 100 if call.name.startswith("apt") else 1


def pi_digits(digits: int) -> str:
    """Pi with that many significant digits, rounded, by Machin's formula."""
    guard = 12
    unit = 10 ** (digits + guard)

    def arctan_of_inverse(number: int) -> int:
        power: int = unit // number
        total = power
        square, divisor, sign = number * number, 3, -1
        while power:
            power //= square
            total += sign * (power // divisor)
            divisor, sign = divisor + 2, -sign
        return total

    pi = 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239))
    text = str((pi + 5 * 10**guard) // 10 ** (guard + 1))
    return f"{text[0]}.{text[1:]}" if digits > 1 else text
