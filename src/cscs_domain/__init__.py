"""The domain between Waldur, a centre's identity service, storage and usage, without any I/O.

Storage in three lines, out of rows as Waldur's API sends them:

>>> policy = StoragePolicy.for_systems(capstor="cscs-capstor-offering")
>>> tree = build_hierarchy([], Identities({"climate-sim": 30500}), policy)
>>> [str(row.mount_point) for row in tree.rows]
[]

Single rules need no policy at all:

>>> QuotaPolicy().quotas(parse_quantity("8.2")).inodes_hard
16400000
>>> str(MountPath.of("capstor", "store", "cscs", "university-physics", "climate-sim"))
'/capstor/store/cscs/university-physics/climate-sim'
>>> status_of(ResourceState.CREATING)
<Status.PENDING: 'pending'>

Usage of a month is a value; what becomes of it is a plan, made before anything is sent:

>>> str(Month.parse("2026-12").plus(1)), PlanAction.HELD_BACK.is_sent
('2027-01', False)

Each name's docstring gives shapes, units, errors and the source of the rule. Ports (what the use
cases need from the world) are Protocols in `cscs_domain.ports`; `read_hierarchy` and
`take_snapshot` are the use cases over them.
"""

from cscs_domain._version import __version__
from cscs_domain.callers import AccessPolicy, Caller
from cscs_domain.claims import BelievedClaims, ClaimRules
from cscs_domain.errors import (
    AuthenticationError,
    ConfigurationError,
    CscsError,
    DocumentsBusyError,
    InputError,
    InvalidValueError,
    MissingIdentityError,
    Mistake,
    MonthClosedError,
    OrderConflictError,
    OrderErredError,
    OutdatedStoreError,
    PermissionDeniedError,
    ResourceConflictError,
    ResourceProcessingError,
    ReusedKeyError,
    SnapshotGoneError,
    StoreUnavailableError,
    UnknownEntryError,
    UnknownEventError,
    UnknownOfferingError,
    UnknownOrderError,
    UnknownResourceError,
    UpstreamServiceError,
    UsageRefusedError,
    WrongMonthError,
)
from cscs_domain.events.batches import EventBatch, RejectedEvent, parse_batch
from cscs_domain.events.buckets import BucketSize
from cscs_domain.events.correct_link import correct_link, withdraw_correction
from cscs_domain.events.directory import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    DirectoryQuery,
    DirectoryUser,
    GrantedUnit,
    KnownDirectory,
    OpenstackRequest,
)
from cscs_domain.events.directory_wire import directory_from_wire, directory_to_wire
from cscs_domain.events.erase_person import ErasureReport, erase_person
from cscs_domain.events.event import (
    DEFAULT_SOURCES,
    EventIdentity,
    Granularity,
    Measure,
    ResourceUsageEvent,
)
from cscs_domain.events.event_ids import event_id_of, usage_event_id
from cscs_domain.events.event_wire import event_from_wire, event_to_wire
from cscs_domain.events.export_person import export_person
from cscs_domain.events.field_errors import FieldError, MalformedBatchError, MalformedEventError
from cscs_domain.events.further_identities import FurtherIdentities
from cscs_domain.events.ingest_events import ingest_events
from cscs_domain.events.link_correction import CorrectionRequest
from cscs_domain.events.linking import link, wanted_by
from cscs_domain.events.links import (
    RESOLVER_VERSION,
    AllocationMatch,
    Correction,
    Link,
    LinkGap,
    LinkState,
    ProjectMatch,
    UserMatch,
)
from cscs_domain.events.metrics import ResourceUsageMetrics
from cscs_domain.events.persons import FoundPerson, person_of
from cscs_domain.events.relink_events import relink_events
from cscs_domain.events.relink_report import RelinkReport
from cscs_domain.events.slugs import slug
from cscs_domain.events.stored import (
    DaySums,
    ErasedEvent,
    EventFilter,
    EventKey,
    LinkChange,
    LinkedEvent,
    Missing,
    Person,
    Receipt,
    StoredEvent,
    StoreOutcome,
    SumsQuery,
    UnresolvedGroup,
    UnresolvedQuery,
    UsageScope,
)
from cscs_domain.events.summarise_usage import summarise_usage
from cscs_domain.events.usage_summary import SummaryQuery, UsageSummary, usage_summary_to_wire
from cscs_domain.events.usage_sums import UsageSums, sum_events, sums_of
from cscs_domain.identities import (
    GidLookup,
    Identities,
    UnixUser,
    UserLookup,
    mock_gid,
    mock_user,
    parse_unix_id,
)
from cscs_domain.identity_cache import CachedHpcUsers
from cscs_domain.identity_cache_policy import GidCacheStatistics, IdentityCachePolicy
from cscs_domain.orders import (
    OrderAction,
    OrderFacts,
    Outcome,
    ResourceAction,
)
from cscs_domain.ports import (
    Clock,
    Directory,
    DocumentStore,
    HpcUsers,
    ResourcePage,
    ResourceQuery,
    TokenVerifier,
    UsageEventStore,
    UsageWarehouse,
    WaldurInspection,
    WaldurOfferings,
    WaldurOrders,
    WaldurResources,
    WaldurUsage,
)
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.progress import Progress, Stage, no_progress
from cscs_domain.quantities import parse_quantity
from cscs_domain.storage.callbacks import ApiUrl, Callbacks, callbacks_for
from cscs_domain.storage.changes import (
    Changes,
    FieldChange,
    Handover,
    RowChange,
    apply_changes,
    changes,
)
from cscs_domain.storage.changes_wire import changes_to_wire
from cscs_domain.storage.chosen_systems import chosen_systems
from cscs_domain.storage.data_types import TargetType, normal_data_type, target_type_of
from cscs_domain.storage.document_names import DocumentName, OrderKind, OrderSubject, Series
from cscs_domain.storage.documents import (
    DocumentFormat,
    DocumentHead,
    DocumentMeta,
    StorageDocument,
)
from cscs_domain.storage.export_documents import (
    Baseline,
    Comparison,
    ExportReport,
    ExportRequest,
    Scope,
    Strictness,
    export_all,
)
from cscs_domain.storage.export_orders import (
    OrderOutcome,
    OrderResult,
    OrdersReport,
    OrdersRequest,
    export_order,
    export_orders,
)
from cscs_domain.storage.filters import PageRequest, Pagination, RowFilter
from cscs_domain.storage.freshness import Freshness, FreshnessPolicy
from cscs_domain.storage.hierarchy import Hierarchy, build_hierarchy
from cscs_domain.storage.mappings import (
    MAPPINGS,
    ORGANISATION,
    ORGANISATION_LEGACY,
    PROVIDER,
    HierarchyMapping,
)
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.permissions import Permission
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.quotas import DerivedQuotas, QuotaOverrides, QuotaPolicy, Quotas
from cscs_domain.storage.read_storage import (
    RowEncoder,
    StorageSources,
    read_hierarchy,
    take_snapshot,
)
from cscs_domain.storage.resource_parser import ParsedResource, parse_resource
from cscs_domain.storage.resources import Order, Party, Resource
from cscs_domain.storage.row_fields import RowField
from cscs_domain.storage.rows import (
    ListedRow,
    OrderRow,
    RowFacts,
    RowKey,
    StorageItem,
    StorageRow,
)
from cscs_domain.storage.snapshot_keeper import Served, SnapshotKeeper
from cscs_domain.storage.snapshots import Snapshot, SnapshotPage
from cscs_domain.storage.states import (
    OrderState,
    OrderType,
    ResourceState,
    Status,
    shown_state,
    status_of,
)
from cscs_domain.storage.target_ids import IdScope, ItemIds, scoped_id
from cscs_domain.storage.targets import (
    CustomerTarget,
    PrimaryProject,
    ProjectTarget,
    TenantTarget,
    UserTarget,
)
from cscs_domain.storage.waldur_rows import WaldurOrder, WaldurRow
from cscs_domain.storage.wire import row_to_wire
from cscs_domain.storage.wire_decoding import row_from_wire
from cscs_domain.usage.aggregation import UsageTally
from cscs_domain.usage.components import AccountingType, Component, Factoring
from cscs_domain.usage.fetch_usage import fetch_report
from cscs_domain.usage.make_plan import make_plan
from cscs_domain.usage.metered_resources import MeteredResource, MeteredResources, OfferingChoice
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Month, Period, months_between, months_to_report
from cscs_domain.usage.plan import PlanAction, PlannedFigure, PlanReason, ResourcePlan, UsagePlan
from cscs_domain.usage.report_usage import report_usage
from cscs_domain.usage.reports import TOTAL_ACCOUNT_USAGE, AccountUsage, UsageReport, report_to_wire
from cscs_domain.usage.submissions import (
    RecordedMonth,
    RecordedUsage,
    TotalsEntry,
    UsersEntry,
    UsersResult,
)
from cscs_domain.usage.usage_reporting import (
    MonthReport,
    PlanRules,
    ReportRequest,
    ResourceOutcome,
    ResourceResult,
    UsageJob,
)
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_domain.usage.warehouse_subjects import MeteredAccount

__all__ = [
    "DEFAULT_SOURCES",
    "MAPPINGS",
    "ORGANISATION",
    "ORGANISATION_LEGACY",
    "PROVIDER",
    "RESOLVER_VERSION",
    "TOTAL_ACCOUNT_USAGE",
    "AccessPolicy",
    "AccountUsage",
    "AccountingType",
    "AllocationMatch",
    "AllocationStatus",
    "ApiUrl",
    "AuthenticationError",
    "Baseline",
    "BelievedClaims",
    "BucketSize",
    "CachedHpcUsers",
    "Callbacks",
    "Caller",
    "Changes",
    "ClaimRules",
    "Clock",
    "Comparison",
    "Component",
    "ConfigurationError",
    "Correction",
    "CorrectionRequest",
    "CscsError",
    "CustomerTarget",
    "DaySums",
    "Days",
    "DerivedQuotas",
    "Directory",
    "DirectoryAllocation",
    "DirectoryProject",
    "DirectoryQuery",
    "DirectoryUser",
    "DocumentFormat",
    "DocumentHead",
    "DocumentMeta",
    "DocumentName",
    "DocumentStore",
    "DocumentsBusyError",
    "ErasedEvent",
    "ErasureReport",
    "EventBatch",
    "EventFilter",
    "EventIdentity",
    "EventKey",
    "ExportReport",
    "ExportRequest",
    "Factoring",
    "FieldChange",
    "FieldError",
    "FoundPerson",
    "Freshness",
    "FreshnessPolicy",
    "FurtherIdentities",
    "GidCacheStatistics",
    "GidLookup",
    "GrantedUnit",
    "Granularity",
    "Handover",
    "Hierarchy",
    "HierarchyMapping",
    "HpcUsers",
    "IdScope",
    "Identities",
    "IdentityCachePolicy",
    "InputError",
    "InvalidValueError",
    "ItemIds",
    "KnownDirectory",
    "Link",
    "LinkChange",
    "LinkGap",
    "LinkState",
    "LinkedEvent",
    "ListedRow",
    "MalformedBatchError",
    "MalformedEventError",
    "Measure",
    "MeteredAccount",
    "MeteredResource",
    "MeteredResources",
    "Metering",
    "Missing",
    "MissingIdentityError",
    "Mistake",
    "Month",
    "MonthClosedError",
    "MonthReport",
    "MountPath",
    "OfferingChoice",
    "OpenstackRequest",
    "Order",
    "OrderAction",
    "OrderConflictError",
    "OrderErredError",
    "OrderFacts",
    "OrderKind",
    "OrderOutcome",
    "OrderResult",
    "OrderRow",
    "OrderState",
    "OrderSubject",
    "OrderType",
    "OrdersReport",
    "OrdersRequest",
    "Outcome",
    "OutdatedStoreError",
    "PageRequest",
    "Pagination",
    "ParsedResource",
    "Party",
    "Period",
    "Permission",
    "PermissionDeniedError",
    "Person",
    "PlanAction",
    "PlanReason",
    "PlanRules",
    "PlannedFigure",
    "PrimaryProject",
    "Problem",
    "ProblemCode",
    "Progress",
    "ProjectMatch",
    "ProjectTarget",
    "QuotaOverrides",
    "QuotaPolicy",
    "Quotas",
    "Receipt",
    "RecordedMonth",
    "RecordedUsage",
    "RejectedEvent",
    "RelinkReport",
    "ReportRequest",
    "Resource",
    "ResourceAction",
    "ResourceConflictError",
    "ResourceOutcome",
    "ResourcePage",
    "ResourcePlan",
    "ResourceProcessingError",
    "ResourceQuery",
    "ResourceResult",
    "ResourceState",
    "ResourceUsageEvent",
    "ResourceUsageMetrics",
    "ReusedKeyError",
    "RowChange",
    "RowEncoder",
    "RowFacts",
    "RowField",
    "RowFilter",
    "RowKey",
    "Scope",
    "Series",
    "Served",
    "Severity",
    "Snapshot",
    "SnapshotGoneError",
    "SnapshotKeeper",
    "SnapshotPage",
    "Stage",
    "Status",
    "StorageDocument",
    "StorageItem",
    "StoragePolicy",
    "StorageRow",
    "StorageSources",
    "StorageSystem",
    "StoreOutcome",
    "StoreUnavailableError",
    "StoredEvent",
    "Strictness",
    "SummaryQuery",
    "SumsQuery",
    "TargetType",
    "TenantTarget",
    "TokenVerifier",
    "TotalsEntry",
    "UnixUser",
    "UnknownEntryError",
    "UnknownEventError",
    "UnknownOfferingError",
    "UnknownOrderError",
    "UnknownResourceError",
    "UnresolvedGroup",
    "UnresolvedQuery",
    "UpstreamServiceError",
    "UsageEventStore",
    "UsageJob",
    "UsageKind",
    "UsagePlan",
    "UsageRefusedError",
    "UsageReport",
    "UsageScope",
    "UsageSummary",
    "UsageSums",
    "UsageTally",
    "UsageWarehouse",
    "UserLookup",
    "UserMatch",
    "UserTarget",
    "UsersEntry",
    "UsersResult",
    "WaldurInspection",
    "WaldurOfferings",
    "WaldurOrder",
    "WaldurOrders",
    "WaldurResources",
    "WaldurRow",
    "WaldurUsage",
    "WarehousePage",
    "WarehouseProfile",
    "WarehouseQuery",
    "WrongMonthError",
    "__version__",
    "apply_changes",
    "build_hierarchy",
    "callbacks_for",
    "changes",
    "changes_to_wire",
    "chosen_systems",
    "correct_link",
    "directory_from_wire",
    "directory_to_wire",
    "erase_person",
    "event_from_wire",
    "event_id_of",
    "event_to_wire",
    "export_all",
    "export_order",
    "export_orders",
    "export_person",
    "fetch_report",
    "ingest_events",
    "link",
    "make_plan",
    "mock_gid",
    "mock_user",
    "months_between",
    "months_to_report",
    "no_progress",
    "normal_data_type",
    "parse_batch",
    "parse_quantity",
    "parse_resource",
    "parse_unix_id",
    "person_of",
    "read_hierarchy",
    "relink_events",
    "report_to_wire",
    "report_usage",
    "row_from_wire",
    "row_to_wire",
    "scoped_id",
    "shown_state",
    "slug",
    "status_of",
    "sum_events",
    "summarise_usage",
    "sums_of",
    "take_snapshot",
    "target_type_of",
    "usage_event_id",
    "usage_summary_to_wire",
    "wanted_by",
    "withdraw_correction",
]
