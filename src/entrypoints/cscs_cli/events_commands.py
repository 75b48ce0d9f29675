"""The commands of `cscs events`: where each is, and what its help teaches."""

from __future__ import annotations

from typing import Final

from cscs_cli import events_help, events_help_store
from cscs_cli.help_texts import HelpText

COMMANDS: Final[tuple[tuple[str, str, HelpText], ...]] = (
    ("init", "cscs_cli.events_init:events_init", events_help_store.INIT),
    ("status", "cscs_cli.events_status:events_status", events_help_store.STATUS),
    ("upgrade", "cscs_cli.events_versions:events_upgrade", events_help_store.UPGRADE),
    ("downgrade", "cscs_cli.events_versions:events_downgrade", events_help_store.DOWNGRADE),
    ("backup", "cscs_cli.events_backup:events_backup", events_help_store.BACKUP),
    ("restore", "cscs_cli.events_backup:events_restore", events_help_store.RESTORE),
    ("rebuild", "cscs_cli.events_rebuild:events_rebuild", events_help_store.REBUILD),
    ("unresolved", "cscs_cli.events_unresolved:events_unresolved", events_help.UNRESOLVED),
    ("relink", "cscs_cli.events_relink:events_relink", events_help.RELINK),
    ("link", "cscs_cli.events_link:events_link", events_help.LINK),
    ("unlink", "cscs_cli.events_link:events_unlink", events_help.UNLINK),
    ("show", "cscs_cli.events_show:events_show", events_help.SHOW),
    ("list", "cscs_cli.events_list:events_list", events_help.LIST),
    ("summary", "cscs_cli.events_summary:events_summary", events_help.SUMMARY),
    ("export", "cscs_cli.events_export:events_export", events_help.EXPORT),
    ("erase", "cscs_cli.events_erase:events_erase", events_help.ERASE),
)

DIRECTORY_COMMANDS: Final[tuple[tuple[str, str, HelpText], ...]] = (
    ("check", "cscs_cli.events_directory:events_directory_check", events_help.DIRECTORY_CHECK),
    ("load", "cscs_cli.events_directory_load:events_directory_load", events_help.DIRECTORY_LOAD),
    (
        "example",
        "cscs_cli.events_directory:events_directory_example",
        events_help.DIRECTORY_EXAMPLE,
    ),
)
