"""What the API says of itself."""

from collections.abc import Callable

from domain.delivery.catalog import Catalog, catalog
from domain.errors import ErrorCode
from domain.policy import Policy
from sandbox.cases import Case
from tests.support import assert_problem, read_answer

MakeCase = Callable[..., Case]


async def test_the_flows_are_published_as_data(make_case: MakeCase) -> None:
    answer = await make_case().world.buyer.http.get("/v1/flows")
    assert Catalog.model_validate(answer.json()) == catalog(Policy())


async def test_health_needs_no_token(make_case: MakeCase) -> None:
    http = make_case().world.buyer.http
    for path in ("/health/live", "/health/ready"):
        assert (await http.get(path, headers={"Authorization": ""})).status_code == 200


async def test_every_problem_is_a_documented_class(make_case: MakeCase) -> None:
    schemas = (await make_case().world.buyer.http.get("/openapi.json")).json()["components"]["schemas"]
    documented = {
        schema["properties"]["code"]["const"]
        for name, schema in schemas.items()
        if name.endswith("Problem") and name != "Problem"
    }
    inner = {ErrorCode.ROUTE_NOT_FOUND, ErrorCode.METHOD_NOT_ALLOWED, ErrorCode.WRONG_LICENSE, ErrorCode.OTHER_PROJECT}
    assert documented == {str(code) for code in set(ErrorCode) - inner}


async def test_an_unknown_address_and_a_wrong_method_are_problems(make_case: MakeCase) -> None:
    http = make_case().world.buyer.http
    assert_problem(read_answer(await http.get("/v2/deliveries")), 404, "route-not-found")
    assert_problem(read_answer(await http.delete("/v1/deliveries")), 405, "method-not-allowed")


async def test_the_api_pages_load_nothing_from_outside(make_case: MakeCase) -> None:
    page = (await make_case().world.buyer.http.get("/docs")).text
    assert "swagger" in page
    assert "https://" not in page


async def test_only_a_manager_connects_sellers_and_no_secret_comes_back(make_case: MakeCase) -> None:
    case = make_case()
    connection = {
        "production_url": "https://seller.example.com/production",
        "access_key": "a-secret-of-the-seller",
        "open_api_access_key": f"AK-{case.order_id}",
        "open_api_secret_key": "another-secret-of-it",
    }
    path = f"/v1/sellers/{case.order_id}/connection"
    assert_problem(read_answer(await case.world.seller.http.put(path, json=connection)), 403, "forbidden")
    answer = await case.world.manager.http.put(path, json=connection)
    assert answer.status_code == 200
    assert "secret" not in answer.text
    taken = {**connection, "open_api_access_key": "AK-seller-1"}
    assert_problem(read_answer(await case.world.manager.http.put(path, json=taken)), 422, "invalid-input")
