"""One row of the tree in words: whose directory, where, in what state, how large, whose id."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from cscs_cli.amounts import quotas_text
from cscs_cli.storage_tree import Node
from cscs_cli.terminal import visible
from cscs_domain.storage.callbacks import NO_CALLBACKS, Callbacks
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import Status
from cscs_domain.storage.targets import (
    CustomerTarget,
    ProjectTarget,
    Target,
    TenantTarget,
    UserTarget,
)
from cscs_domain.storage.wire import CALLBACK_MEMBERS

STATUS_STYLE: Final = {
    Status.PENDING: "yellow",
    Status.ACTIVE: "green",
    Status.UPDATING: "cyan",
    Status.REMOVING: "magenta",
    Status.REMOVED: "bright_black",
    Status.ERROR: "bold red",
    Status.UNKNOWN: "bold red",
}
_GAP: Final = "  "


def label(node: Node) -> Text:
    """The lines of a node: the row itself, then what an order would change and what it allows."""
    row = node.listed.row
    if not node.matches:
        return Text(f"{whose(row.target)}{_GAP}{_path(row)}{_GAP}(not selected)", style="dim")
    lines = [_heading(node)]
    if row.old_quotas is not None or row.new_quotas is not None:
        change = f"{quotas_text(row.old_quotas)} -> {quotas_text(row.new_quotas)}"
        lines.append(Text(f"order: {change}", style="cyan"))
    if row.callbacks is not NO_CALLBACKS:
        lines.append(Text(f"callbacks: {callbacks_text(row.callbacks)}", style="cyan"))
    return Text("\n").join(lines)


def _heading(node: Node) -> Text:
    row = node.listed.row
    parts = [
        Text(whose(row.target), style="bold"),
        Text(_path(row)),
        Text(row.status.value, style=STATUS_STYLE[row.status]),
        *(Text(fact) for fact in facts(row)),
    ]
    if row.parent_item_id is None:
        place = node.listed.facts
        parts.append(Text(visible(f"{place.system}, {place.data_type}"), style="dim"))
    return Text(_GAP).join(parts)


def _path(row: StorageRow) -> str:
    return visible(row.mount_point.text)


def facts(row: StorageRow) -> list[str]:
    """Quotas, Unix ids and mode, as far as the row has them."""
    target, permission = row.target, f"mode {row.permission.value}"
    match target:
        case ProjectTarget():
            return [quotas_text(row.quotas), f"gid {target.unix_gid}", permission]
        case UserTarget():
            return [quotas_text(row.quotas), _user_ids(target), permission]
        case _:
            return [permission]


def _user_ids(target: UserTarget) -> str:
    primary = target.primary_project
    return f"uid {target.unix_uid}, gid {primary.unix_gid} ({visible(primary.name)})"


def whose(target: Target) -> str:
    """Whose directory it is."""
    match target:
        case TenantTarget():
            return _party("tenant", target)
        case CustomerTarget():
            return _party("customer", target)
        case ProjectTarget():
            return f"project {visible(target.name or target.key or '-')}"
        case UserTarget():
            return f"user {visible(target.name or target.key or target.email)}"


def _party(kind: str, party: TenantTarget | CustomerTarget) -> str:
    return f"{kind} {visible(party.key)} ({visible(party.name)})"


def callbacks_text(callbacks: Callbacks) -> str:
    """The actions that are open now, by the names of their members without `_url`."""
    names = [name for name in CALLBACK_MEMBERS if getattr(callbacks, name) is not None]
    return ", ".join(name.removesuffix("_url") for name in names)
