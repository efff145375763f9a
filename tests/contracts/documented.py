"""The production interface as its pages print it: members, lengths, which are mandatory (DOMAIN §4.4, §4.5, §5.2)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """One row of a field table."""

    length: int
    mandatory: bool = True


TEST_FLAG = Member(2, mandatory=False)
ACTIVITY = Member(32)

CALLS: dict[str, dict[str, Member]] = {
    "newInstance": {
        "activity": Member(20),
        "orderId": Member(64),
        "orderLineId": Member(64),
        "businessId": Member(64),
        "testFlag": TEST_FLAG,
    },
    # The page gives 100, which cannot hold the hundred ids it allows.
    "queryInstance": {"activity": Member(20), "instanceId": Member(6500), "testFlag": TEST_FLAG},
    "refreshInstance": {
        "activity": Member(20),
        "scene": Member(64),
        "orderId": Member(64),
        "orderLineId": Member(64),
        "instanceId": Member(64),
        "productId": Member(64, mandatory=False),
        "expireTime": Member(20),
        "testFlag": TEST_FLAG,
    },
    "updateInstanceStatus": {
        "activity": ACTIVITY,
        "instanceId": Member(64),
        "status": Member(32),
        "testFlag": TEST_FLAG,
    },
    "releaseInstance": {
        "activity": ACTIVITY,
        "instanceId": Member(64),
        "orderId": Member(64, mandatory=False),
        "orderLineId": Member(64, mandatory=False),
        "testFlag": TEST_FLAG,
    },
    "upgradeInstance": {
        "activity": ACTIVITY,
        "instanceId": Member(64),
        "orderId": Member(64),
        "orderLineId": Member(64),
        "testFlag": TEST_FLAG,
    },
    "orderNotify": {
        "activity": ACTIVITY,
        "orderId": Member(64),
        "orderLineId": Member(64),
        "testFlag": Member(2),
    },
    "refreshLicenseCode": {
        "activity": Member(20),
        "scene": Member(64),
        "orderId": Member(64),
        "orderLineId": Member(64),
        "license": Member(64),
        "productId": Member(64, mandatory=False),
        "expireTime": Member(20),
        "testFlag": TEST_FLAG,
    },
    "updateLicenseCodeStatus": {
        "activity": ACTIVITY,
        "license": Member(64),
        "status": Member(32),
        "testFlag": TEST_FLAG,
    },
    "releaseLicenseCode": {
        "activity": ACTIVITY,
        "license": Member(64),
        "orderId": Member(64, mandatory=False),
        "orderLineId": Member(64, mandatory=False),
        "testFlag": TEST_FLAG,
    },
    "getLicense": {
        "timeStamp": Member(20),
        "activity": Member(20),
        "customerId": Member(100),
        "customerName": Member(64, mandatory=False),
        "businessId": Member(64),
        "orderId": Member(64),
        "skuCode": Member(64, mandatory=False),
        "productId": Member(64),
        "expireTime": Member(20, mandatory=False),
        "periodType": Member(10, mandatory=False),
        "periodNumber": Member(10, mandatory=False),
        "amount": Member(20, mandatory=False),
        "saasExtendParams": Member(2048, mandatory=False),
        "testFlag": TEST_FLAG,
    },
}

SCENES = {
    "refreshInstance": {"TRIAL_TO_FORMAL", "RENEWAL", "UNSUBSCRIBE_RENEWAL_PERIOD", "RENEWAL_CHANGE"},
    "refreshLicenseCode": {"RENEWAL", "UNSUBSCRIBE_RENEWAL_PERIOD"},
}

STATUSES = {"FREEZE", "UNFREEZE"}
