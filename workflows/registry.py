"""Which workflow delivers which product type."""

from domain.order import ProductType
from workflows.delivery.application_orchestration import OrchestrationDelivery
from workflows.delivery.authorization_code import AuthorizationCodeDelivery
from workflows.delivery.data_file import DataFileDelivery
from workflows.delivery.hardware import HardwareDelivery
from workflows.delivery.identification_code import IdentificationCodeDelivery
from workflows.delivery.manual_service import ManualServiceDelivery
from workflows.delivery.offline_license import OfflineLicenseDelivery
from workflows.delivery.package_deployment import PackageDeployment
from workflows.delivery.saas_instant import InstantSaasDelivery
from workflows.delivery.saas_supervised import SupervisedSaasDelivery
from workflows.delivery.supervision import SupervisedDelivery
from workflows.instance.lifecycle import INSTANCE_LIFE, InstanceLifecycle
from workflows.instance.query import InstanceQuery, UsageRound
from workflows.seller.probing import Probing, ProductProbe

WORKFLOWS: dict[ProductType, type[SupervisedDelivery]] = {
    ProductType.LICENSE_AUTHORIZATION_CODE: AuthorizationCodeDelivery,
    ProductType.LICENSE_IDENTIFICATION_CODE: IdentificationCodeDelivery,
    ProductType.LICENSE_OFFLINE: OfflineLicenseDelivery,
    ProductType.LICENSE_PACKAGE_DEPLOYMENT: PackageDeployment,
    ProductType.SAAS_SUPERVISED: SupervisedSaasDelivery,
    ProductType.SAAS_INSTANT: InstantSaasDelivery,
    ProductType.MANUAL_SERVICE: ManualServiceDelivery,
    ProductType.HARDWARE: HardwareDelivery,
    ProductType.APPLICATION_ORCHESTRATION: OrchestrationDelivery,
    ProductType.DATA_FILE: DataFileDelivery,
}


PROCESS_TYPES = (*(one.__name__ for one in WORKFLOWS.values()), INSTANCE_LIFE)
"""Names of the workflows that are supervised processes: the ledger has each of them."""

ALL_WORKFLOWS: tuple[type, ...] = (
    *WORKFLOWS.values(),
    InstanceLifecycle,
    InstanceQuery,
    UsageRound,
    Probing,
    ProductProbe,
)
"""What a worker runs."""
