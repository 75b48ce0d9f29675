"""Files in place of services: dumps of Waldur as its resources, a list of ids as the HPC users."""

from cscs_files.hpc_users import FileHpcUsers
from cscs_files.waldur_resources import FileWaldurResources

__all__ = ["FileHpcUsers", "FileWaldurResources"]
