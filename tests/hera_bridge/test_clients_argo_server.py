from __future__ import annotations

import pytest
from hera.workflows import WorkflowsService

from hera_bridge import ArgoError, ArgoServer
from hera_bridge.clients import WORKFLOW_TEMPLATE
from hera_bridge.deployment_plan import plan_deployment
from metaflow_provider.plan import Refusal
from tests.hera_bridge.api_server import ApiServer, Fault
from tests.hera_bridge.cluster import secret, template

VERSION, TEMPLATES = "/api/v1/version", "/api/v1/workflow-templates/default"


def client(server: ApiServer) -> ArgoServer:
    return ArgoServer(WorkflowsService(host=server.url, token="a-token"))


def answer(server: ApiServer, path: str, status: int, body: bytes) -> None:
    server.faults.append(Fault("GET", path, status, body))


def test_the_server_tells_its_version(server: ApiServer) -> None:
    answer(server, VERSION, 200, b'{"version": "v3.7.14"}')
    assert client(server).argo_version() == (3, 7, 14)
    answer(server, VERSION, 200, b'{"version": "v3.5.12"}')
    with pytest.raises(Refusal, match=r"Argo Workflows 3\.5\.12 in namespace default of the Argo Server"):
        plan_deployment(client(server), [template()])
    assert server.changed() == []


def test_what_is_no_argo_server_is_told(server: ApiServer) -> None:
    answer(server, VERSION, 200, b"<html>")
    with pytest.raises(ArgoError, match=r"what answers is no Argo Server; check the host"):
        client(server).argo_version()


def test_a_server_that_does_not_answer_is_told() -> None:
    with pytest.raises(
        ArgoError, match=r"the server cannot be reached .*check the network and the host"
    ) as caught:
        ArgoServer(WorkflowsService(host="http://127.0.0.1:1")).argo_version()
    assert "\n" not in str(caught.value)


def test_no_host_is_told() -> None:
    with pytest.raises(
        ArgoError, match=r"no Argo Server is configured; set hera\.shared\.global_config\.host"
    ):
        ArgoServer(WorkflowsService()).argo_version()


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (401, b'{"code": 16, "message": "token not valid"}', "have expired; log in again"),
        (
            403,
            b'{"code": 7, "message": "permission denied"}',
            r"verb list on workflowtemplates\.argoproj\.io",
        ),
        (500, b'{"code": 13, "message": "boom"}', r"the server says: boom \(HTTP 500\)"),
    ],
)
def test_what_the_server_denies_is_one_line(
    server: ApiServer, status: int, body: bytes, message: str
) -> None:
    answer(server, TEMPLATES, status, body)
    with pytest.raises(ArgoError, match=message):
        client(server).get(WORKFLOW_TEMPLATE, "train")


def test_secrets_are_refused_before_anything_changes(server: ApiServer) -> None:
    for path in (VERSION, TEMPLATES, "/api/v1/cron-workflows"):
        answer(server, path, 200, b"{}")
    with pytest.raises(ArgoError, match="keeps no objects of kind Secret"):
        plan_deployment(client(server), [template(), secret()])
    assert server.changed() == []
