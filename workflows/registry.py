"""Which workflow delivers which product type."""

from domain.order import ProductType
from workflows.application_orchestration import OrchestrationDelivery
from workflows.authorization_code import AuthorizationCodeDelivery
from workflows.data_file import DataFileDelivery
from workflows.hardware import HardwareDelivery
from workflows.identification_code import IdentificationCodeDelivery
from workflows.instance import InstanceLife
from workflows.instance_query import InstanceQuery, UsageRound
from workflows.manual_service import ManualServiceDelivery
from workflows.offline_license import OfflineLicenseDelivery
from workflows.package_deployment import PackageDeployment
from workflows.probing import Probing, ProductProbe
from workflows.saas_instant import InstantSaasDelivery
from workflows.saas_supervised import SupervisedSaasDelivery
from workflows.supervision import SupervisedDelivery

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


PROCESS_TYPES = (*(one.__name__ for one in WORKFLOWS.values()), InstanceLife.__name__)
"""Names of the workflows that are supervised processes: the ledger has each of them."""

ALL_WORKFLOWS: tuple[type, ...] = (*WORKFLOWS.values(), InstanceLife, InstanceQuery, UsageRound, Probing, ProductProbe)
"""What a worker runs."""
