"""The forms that names and values must have; each function returns what is wrong, as upstream says it.

Results are cached: the same names and labels are checked over and over.

Models:
    staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go
    staging/src/k8s.io/apimachinery/pkg/api/validate/content/
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = f"{_LABEL}(\\.{_LABEL})*"
_DNS1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"
_WILDCARD = f"\\*\\.{_SUBDOMAIN}"

_LABEL_FORM = re.compile(_LABEL)
_SUBDOMAIN_FORM = re.compile(_SUBDOMAIN)
_DNS1035_FORM = re.compile(_DNS1035)
_KEY_FORM = re.compile(_KEY)
_CONFIG_KEY_FORM = re.compile(_CONFIG_KEY)
_HEADER_FORM = re.compile(_HEADER)
_PERCENT_FORM = re.compile(_PERCENT)
_WILDCARD_FORM = re.compile(_WILDCARD)
_PORT_NAME_FORM = re.compile("[-a-z0-9]+")

_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character"
)
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character"
)
_DNS1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character"
)
_KEY_TEXT = (
    "must consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character"
)
_LABEL_VALUE_TEXT = f"a valid label must be an empty string or {_KEY_TEXT.removeprefix('must ')}"
_CONFIG_KEY_TEXT = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
_WILDCARD_TEXT = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must "
    "consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
)

Problems = tuple[str, ...]
"""What is wrong with a value; empty when nothing is."""


def max_length(length: int) -> str:
    """A text is too long."""
    return f"must be no more than {length} characters"


def between(low: int, high: int) -> str:
    """A number is out of its range."""
    return f"must be between {low} and {high}, inclusive"


def _form_error(text: str, form: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{text} (e.g. {shown}regex used for validation is '{form}')"


@lru_cache(maxsize=8192)
def dns1123_label(value: str) -> Problems:
    """A name like ``web-1``."""
    problems = (max_length(63),) if len(value) > 63 else ()
    if _LABEL_FORM.fullmatch(value):
        return problems
    if _SUBDOMAIN_FORM.fullmatch(value):
        return (*problems, "must not contain dots")
    return (*problems, _form_error(_LABEL_TEXT, _LABEL, "my-name", "123-abc"))


@lru_cache(maxsize=8192)
def dns1123_subdomain(value: str) -> Problems:
    """A name like ``web-1.example.com``."""
    problems = (max_length(253),) if len(value) > 253 else ()
    if _SUBDOMAIN_FORM.fullmatch(value):
        return problems
    return (*problems, _form_error(_SUBDOMAIN_TEXT, _SUBDOMAIN, "example.com"))


@lru_cache(maxsize=1024)
def wildcard_subdomain(value: str) -> Problems:
    """A host like ``*.example.com``."""
    problems = (max_length(253),) if len(value) > 253 else ()
    if _WILDCARD_FORM.fullmatch(value):
        return problems
    return (*problems, _form_error(_WILDCARD_TEXT, _WILDCARD, "*.example.com"))


@lru_cache(maxsize=8192)
def dns1035_label(value: str) -> Problems:
    """A Service name of old: a label that begins with a letter."""
    problems = (max_length(63),) if len(value) > 63 else ()
    if _DNS1035_FORM.fullmatch(value):
        return problems
    return (*problems, _form_error(_DNS1035_TEXT, _DNS1035, "my-name", "abc-123"))


@lru_cache(maxsize=1024)
def path_segment(value: str) -> Problems:
    """A name that fits into a URL path, as RBAC's."""
    if value in {".", ".."}:
        return (f"may not be '{value}'",)
    return path_segment_prefix(value)


@lru_cache(maxsize=1024)
def path_segment_prefix(value: str) -> Problems:
    """The beginning of a name that fits into a URL path."""
    return tuple(f"may not contain '{sign}'" for sign in "/%" if sign in value)


@lru_cache(maxsize=8192)
def qualified_name(value: str) -> Problems:
    """A label key: a name with an optional DNS prefix."""
    parts = value.split("/")
    name_error = _form_error(_KEY_TEXT, _KEY, "MyName", "my.name", "123-abc")
    if len(parts) > 2:
        return (
            f"a valid label key {name_error} with an optional DNS subdomain prefix and '/' "
            "(e.g. 'example.com/MyName')",
        )
    problems: list[str] = []
    name = parts[-1]
    if len(parts) == 2:
        prefix_problems = dns1123_subdomain(parts[0]) if parts[0] else ("must be non-empty",)
        problems += [f"prefix part {problem}" for problem in prefix_problems]
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > 63:
        problems.append(f"name part {max_length(63)}")
    if not _KEY_FORM.fullmatch(name):
        problems.append(f"name part {name_error}")
    return tuple(problems)


@lru_cache(maxsize=8192)
def label_value(value: str) -> Problems:
    """What may stand behind a label key."""
    problems = (max_length(63),) if len(value) > 63 else ()
    if not value or _KEY_FORM.fullmatch(value):
        return problems
    error = _form_error(_LABEL_VALUE_TEXT, f"({_KEY})?", "MyValue", "my_value", "12345")
    return (*problems, error)


@lru_cache(maxsize=4096)
def config_map_key(value: str) -> Problems:
    """A key in a ConfigMap or Secret."""
    problems = [max_length(253)] if len(value) > 253 else []
    if not _CONFIG_KEY_FORM.fullmatch(value):
        problems.append(
            _form_error(_CONFIG_KEY_TEXT, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name")
        )
    return (*problems, *_parent_directory(value))


def _parent_directory(value: str) -> Problems:
    if value in {".", ".."}:
        return (f"must not be '{value}'",)
    return ("must not start with '..'",) if value.startswith("..") else ()


@lru_cache(maxsize=4096)
def env_var_name(value: str) -> Problems:
    """A name of an environment variable: any printable ASCII but ``=``."""
    if not value:
        return ("environment variable name must be non-empty",)
    if all(" " <= sign <= "~" and sign != "=" for sign in value):
        return ()
    return (
        "a valid environment variable name must consist only of printable ASCII characters "
        "other than '='",
    )


@lru_cache(maxsize=4096)
def port_name(value: str) -> Problems:
    """A name of a port, unique within its Pod."""
    problems: list[str] = []
    if len(value) > 15:
        problems.append(max_length(15))
    if not _PORT_NAME_FORM.fullmatch(value):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not any("a" <= sign <= "z" for sign in value):
        problems.append("must contain at least one letter (a-z)")
    if "--" in value:
        problems.append("must not contain consecutive hyphens")
    if value and "-" in {value[0], value[-1]}:
        problems.append("must not begin or end with a hyphen")
    return tuple(problems)


def port_number(value: int) -> Problems:
    """A port's number."""
    return () if 1 <= value <= 65535 else (between(1, 65535),)


@lru_cache(maxsize=1024)
def http_header_name(value: str) -> Problems:
    """A name of an HTTP header."""
    if _HEADER_FORM.fullmatch(value):
        return ()
    text = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return (_form_error(text, _HEADER, "X-Header-Name"),)


@lru_cache(maxsize=1024)
def percentage(value: str) -> Problems:
    """A text like ``25%``."""
    if _PERCENT_FORM.fullmatch(value):
        return ()
    text = "a valid percent string must be a numeric string followed by an ending '%'"
    return (_form_error(text, _PERCENT, "1%", "93%"),)


@lru_cache(maxsize=4096)
def ip(value: str) -> Problems:
    """An IPv4 or IPv6 address."""
    try:
        ip_address(value)
    except ValueError:
        return ("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",)
    return ()


def _masked(rule: Callable[[str], Problems], name: str, prefix: bool) -> Problems:
    # A generated suffix follows the prefix, so that a dash at its end is fine.
    if prefix and len(name) > 1 and name.endswith("-"):
        name = name[:-2] + "a"
    return rule(name)


def name_is_dns_subdomain(name: str, prefix: bool = False) -> Problems:
    """Most kinds' rule for names."""
    if not prefix:
        return dns1123_subdomain(name)
    return _masked(dns1123_subdomain, name, prefix)


def name_is_dns_label(name: str, prefix: bool = False) -> Problems:
    """Namespaces' rule for names."""
    return _masked(dns1123_label, name, prefix)


def name_is_dns1035_label(name: str, prefix: bool = False) -> Problems:
    """Names that must begin with a letter."""
    return _masked(dns1035_label, name, prefix)


def name_is_path_segment(name: str, prefix: bool = False) -> Problems:
    """RBAC kinds' rule for names."""
    return path_segment_prefix(name) if prefix else path_segment(name)
