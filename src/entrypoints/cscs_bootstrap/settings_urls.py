"""Parsers of addresses: service URLs, proxies, the Sentry DSN.

A refused address is never quoted, since people put credentials into addresses.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from cscs_bootstrap.json_text import is_secret_name
from cscs_bootstrap.secrets import MASK, ProxyUrl, Secret
from cscs_bootstrap.settings_scalars import secret, text
from cscs_bootstrap.settings_values import Value, refuse

_WEB_SCHEMES: Final = ("http", "https")
_PROXY_SCHEMES: Final = ("socks4", "socks5", "socks5h", "http", "https")
_PROXY_HINT: Final = "Write socks5://localhost:12345 and not just localhost:12345."


def web_url(value: Value) -> str:
    """An http(s) URL with a host and without credentials; returned as it was written."""
    found = text(value)
    parts = _split(found)
    if parts.scheme not in _WEB_SCHEMES:
        raise refuse(
            "must be a URL that starts with http:// or https://.",
            "Write it in full, as in https://waldur.example.com/api/.",
        )
    _check_place(parts)
    # Anywhere: a password that holds / or ? ends the part that urlsplit takes for the host.
    if "@" in found:
        raise refuse(
            "must not hold a user or password (nor any @).",
            "Credentials have keys of their own; they would be shown as part of this one.",
        )
    members = (*parse_qsl(parts.query, True), *parse_qsl(parts.fragment, True))
    if any(is_secret_name(name) for name, _ in members):
        raise refuse(
            "must not hold a secret in its query.",
            "Secrets have keys of their own; take the member out of the URL.",
        )
    return found


def without_query(text: str) -> str:
    """A text to be shown: if it is a URL, with a mask for what may follow its path.

    >>> without_query("https://id.example/token?tenant=cscs")
    'https://id.example/token?***'
    """
    if not text.startswith(tuple(f"{scheme}://" for scheme in _WEB_SCHEMES)):
        return text
    place = min(filter(lambda at: at >= 0, map(text.find, "?#")), default=None)
    return text if place is None else f"{text[: place + 1]}{MASK}"


def base_url(value: Value) -> str:
    """A `web_url` that paths can be added to: without `?query` and `#fragment`."""
    found = web_url(value)
    if "?" in found or "#" in found:
        raise refuse("must not hold a ? or a #, since paths are added to it.")
    return found


def proxy_url(value: Value) -> ProxyUrl:
    """A proxy: one of five schemes, a host, possibly a port and credentials."""
    found = text(value)
    schemes = ", ".join(_PROXY_SCHEMES)
    if "://" not in found:
        raise refuse(f"has no scheme (one of {schemes}).", _PROXY_HINT)
    parts = _split(found)
    if parts.scheme not in _PROXY_SCHEMES:
        raise refuse(f"must have one of the schemes {schemes}.", _PROXY_HINT)
    _check_place(parts)
    if parts.scheme == "socks4" and parts.port is None:
        raise refuse("must name a port.", _PROXY_HINT)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise refuse("must end after the port.", _PROXY_HINT)
    return ProxyUrl(parts.scheme + found[len(parts.scheme) :])  # the scheme in lower case


def user_path_template(value: Value) -> str:
    """A path below a service's URL with the place of the user's name in it."""
    found = text(value)
    if found.count("{username}") != 1 or not found.startswith("/") or set(found) & set("?# "):
        raise refuse(
            "must be a path with {username} once in it, without ? and #.",
            "Write for instance /api/v1/export/cscs/users/{username}.",
        )
    return found


def sentry_dsn(value: Value) -> Secret:
    """A DSN as Sentry shows it: https://<public key>@<host>/<project>; kept as a secret."""
    found = secret(value)
    parts = _split(found.reveal().strip())
    if parts.scheme not in _WEB_SCHEMES or not parts.username or not parts.path.strip("/"):
        raise refuse("must have the form https://<public key>@<host>/<project>.")
    _check_place(parts)
    return found


def _split(found: str) -> SplitResult:
    if any(character.isspace() for character in found):
        raise refuse("must not hold blanks.")
    try:
        return urlsplit(found)
    except ValueError:
        raise refuse("is not a URL.") from None


def _check_place(parts: SplitResult) -> None:
    try:
        port = parts.port
    except ValueError:
        raise refuse("has a port that is not a number from 1 to 65535.") from None
    if not parts.hostname:
        raise refuse("has no host.")
    if port == 0:
        raise refuse("has a port that is not a number from 1 to 65535.")
