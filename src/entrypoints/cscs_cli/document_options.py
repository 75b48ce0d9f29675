"""What the commands that write documents have in common: their options and what these lead to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from cscs_bootstrap.destination import Destination, destination
from cscs_bootstrap.logs import configure_logs, log_notices
from cscs_bootstrap.output_directory import FolderOrigin
from cscs_bootstrap.settings import Part, Settings
from cscs_cli.failures import RefusedConfigurationError
from cscs_cli.loading import settings_for
from cscs_cli.option_values import NAMED_PATH
from cscs_domain.errors import ConfigurationError
from cscs_domain.storage.mappings import MAPPINGS, HierarchyMapping

_LONGEST_WAIT: Final = 7 * 24 * 3600
_FOLDER: Final = "--output-dir"

MappingName: TypeAlias = Literal["provider", "organisation", "organisation-legacy"]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class DocumentOptions:
    """Where documents come from, where they go, and how much is told about them."""

    config: Annotated[
        Path | None, Parameter(metavar="FILE", help="The YAML file to load settings from.")
    ] = None
    demo: Annotated[bool, Parameter(help="Use invented data; no Waldur, no settings.")] = False
    mapping: Annotated[
        MappingName,
        Parameter(show_default=True, help="What the levels of paths are."),
    ] = "provider"
    output_dir: Annotated[
        Path | None,
        NAMED_PATH,
        Parameter(
            name=_FOLDER, metavar="DIR", help="Folder to write to, if not the configured one."
        ),
    ] = None
    dry_run: Annotated[bool, Parameter(help="Show what would be done, and write nothing.")] = False
    wait: Annotated[
        int,
        Parameter(
            metavar="SECONDS",
            validator=Number(gte=0, lte=_LONGEST_WAIT),
            show_default=True,
            help="How long another writer is waited for.",
        ),
    ] = 0
    verbose: Annotated[bool, Parameter(help="Show everything, however long it is.")] = False
    json: Annotated[bool, Parameter(help="Print one JSON object instead of text.")] = False

    @property
    def hierarchy_mapping(self) -> HierarchyMapping:
        """The rules behind the mapping's name."""
        return MAPPINGS[self.mapping]

    @property
    def patience(self) -> timedelta:
        """How long to wait for another writer."""
        return timedelta(seconds=self.wait)


DEFAULTS: Final = DocumentOptions()


def load_for_documents(options: DocumentOptions) -> Settings:
    """Settings that rows can be read with; logging is set up. Raises `UsageError`."""
    loaded = settings_for(frozenset({Part.STORAGE}), options.config, demo=options.demo)
    configure_logs(loaded.settings)
    if not options.demo:
        log_notices(loaded)
    return loaded.settings


def destination_for(settings: Settings, options: DocumentOptions) -> Destination:
    """The folder that was given, else the configured one.

    Raises `RefusedConfigurationError` if it cannot be written to; it is never made.
    """
    folder = options.output_dir
    origin = FolderOrigin(_FOLDER, None) if folder else FolderOrigin(option=_FOLDER)
    try:
        return destination(settings, folder, origin=origin)
    except ConfigurationError as error:
        raise RefusedConfigurationError(error) from None
