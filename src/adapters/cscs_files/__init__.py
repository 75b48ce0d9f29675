"""Files in place of services: dumps of Waldur as its resources, a list of ids as the HPC users,
saved answers as the usage warehouse, a journal as the receiver of what would be sent about orders,
a folder as the place of documents, lists or tables as the directory that usage is linked to.
"""

from cscs_files.directory import FileDirectory
from cscs_files.document_store import FileDocumentStore, read_document
from cscs_files.hpc_users import FileHpcUsers
from cscs_files.order_journal import OrderJournal
from cscs_files.usage_warehouse import FileUsageWarehouse
from cscs_files.waldur_resources import FileWaldurResources

__all__ = [
    "FileDirectory",
    "FileDocumentStore",
    "FileHpcUsers",
    "FileUsageWarehouse",
    "FileWaldurResources",
    "OrderJournal",
    "read_document",
]
