"""A stand-in for Kubernetes' API: a server on this machine that keeps objects, and knows no rules of Argo.

It accounts for fields as server-side apply does, with lists as single values. The real one is asked in
integration/argo.
"""

from __future__ import annotations

import copy
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Path = tuple[str, ...]
Account = dict[tuple[str, str], set[Path]]
_NAMES = {"workflowtemplates": "WorkflowTemplate", "cronworkflows": "CronWorkflow", "workflows": "Workflow"}
_NAMES |= {"secrets": "Secret", "jobsets": "JobSet", "jobs": "Job", "sensors": "Sensor"}
_SERVERS = ("uid", "resourceVersion", "creationTimestamp", "managedFields")
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cronworkflows.argoproj.io"


class Refused(Exception):
    def __init__(self, status: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        said = {"kind": "Status", "reason": reason, "message": message, "details": details}
        self.body = json.dumps(said).encode()


@dataclass
class Fault:
    """An answer to the next requests of a method whose address has a part in it."""

    method: str
    part: str
    status: int
    body: bytes
    times: int = 1
    after: int = 0


@dataclass
class Stored:
    data: dict[str, Any]
    account: Account = field(default_factory=dict)


@dataclass
class ApiServer:
    """The objects by address, what was asked, and what goes wrong next."""

    url: str = ""
    objects: dict[str, Stored] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    has_argo: bool = True
    page: int = 2

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    def changed(self) -> list[str]:
        """Requests that have stored something."""
        return [f"{method} {path}" for method, path in self.asked if method != "GET" and "dryRun" not in path]

    def fail(
        self, method: str, part: str, status: int, message: str = "", after: int = 0, **said: Any
    ) -> None:
        body = json.dumps({"kind": "Status", "message": message, **said}).encode()
        self.faults.append(Fault(method, part, status, body, after=after))

    def put(self, plural: str, data: dict[str, Any], manager: str = "stock") -> None:
        """Store an object as another tool would, which accounts it to that tool."""
        group = "/api/v1" if plural == "secrets" else "/apis/argoproj.io/v1alpha1"
        self._create(f"{group}/namespaces/default/{plural}", data, manager)

    def get(self, plural: str, name: str) -> dict[str, Any]:
        found = self.find(plural, name)
        assert found is not None, f"there is no {name} among the {plural}"
        return found

    def find(self, plural: str, name: str) -> dict[str, Any] | None:
        for path, stored in self.objects.items():
            if path.endswith(f"/{plural}/{name}"):
                return self._shown(stored)
        return None

    def answer(self, method: str, target: str, content: str, body: dict[str, Any]) -> tuple[int, bytes]:
        self.asked.append((method, target))
        address = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        for fault in self.faults:
            if fault.method == method and fault.part in target and fault.times:
                if fault.after:
                    fault.after -= 1
                    break
                fault.times -= 1
                return fault.status, fault.body
        if not self.has_argo and "argoproj.io" in target:
            return 404, b"404 page not found\n"
        if address.path.endswith("/log"):
            name = address.path.split("/")[-2]
            return (200, self.logs[name].encode()) if name in self.logs else (404, b'{"message": "no pod"}')
        try:
            return 200, json.dumps(self._answer(method, address.path, query, content, body)).encode()
        except Refused as refused:
            return refused.status, refused.body

    def _answer(
        self, method: str, path: str, query: dict[str, str], content: str, body: dict[str, Any]
    ) -> Any:
        if path == CRD:
            return {"spec": {"versions": [{"schema": {"openAPIV3Schema": {}}}]}}
        is_list = path.rpartition("/")[2] in _NAMES
        if method == "POST":
            return self._create(path, body, query.get("fieldManager", "other"))
        if method == "GET" and is_list:
            return self._list(path, query)
        if method == "PATCH" and content.startswith("application/apply"):
            return self._apply(path, query, body)
        stored = self._stored(path)
        if method == "GET":
            return self._shown(stored)
        if method == "DELETE":
            return self._shown(self.objects.pop(path))
        if method == "PATCH":
            return self._merge(stored, query, body)
        return self._replace(stored, query, body)

    def _stored(self, path: str) -> Stored:
        if path not in self.objects:
            *_, plural, name = path.split("/")
            raise Refused(404, "NotFound", f'{plural} "{name}" not found', name=name)
        return self.objects[path]

    def _create(self, path: str, body: dict[str, Any], manager: str) -> dict[str, Any]:
        body = copy.deepcopy(body)
        metadata = body["metadata"]
        metadata.setdefault("name", f"{metadata.pop('generateName', '')}x{next(self._numbers)}")
        place = f"{path}/{metadata['name']}"
        if place in self.objects:
            raise Refused(409, "AlreadyExists", f"{metadata['name']} already exists")
        _add_defaults(body)
        metadata |= {"uid": str(next(self._numbers)), "creationTimestamp": _time(next(self._numbers))}
        self.objects[place] = Stored(body, {(manager, "Update"): _paths(body)})
        return self._shown(self._touched(self.objects[place]))

    def _list(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        selector = dict(part.split("=") for part in query.get("labelSelector", "").split(",") if part)
        found = [
            self._shown(stored)
            for place, stored in sorted(self.objects.items())
            if place.rpartition("/")[0] == path
            and selector.items() <= (stored.data["metadata"].get("labels") or {}).items()
        ]
        start = int(query.get("continue") or 0)
        end = start + self.page
        for item in found:
            del item["kind"]  # as the real one
        more = {"continue": str(end)} if end < len(found) else {}
        return {"items": found[start:end], "metadata": more}

    def _merge(self, stored: Stored, query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        _check_version(stored, body)
        entries = body.get("metadata", {}).pop("managedFields", None)
        if entries is not None:
            stored.account = {
                (entry["manager"], entry["operation"]): set(_from_fields(entry["fieldsV1"]))
                for entry in entries
            }
        _merge(stored.data, body)
        self._account(stored, (query["fieldManager"], "Update"), _paths(body))
        return self._shown(self._touched(stored))

    def _replace(self, stored: Stored, query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        _check_version(stored, body)
        old, kept = stored.data, {key: stored.data["metadata"][key] for key in ("uid", "creationTimestamp")}
        stored.data = copy.deepcopy(body)
        stored.data["metadata"] |= kept
        paths = _paths(stored.data)
        for manager, owned in stored.account.items():
            stored.account[manager] = {path for path in owned & paths if _at(old, path) == _at(body, path)}
        self._account(
            stored, (query["fieldManager"], "Update"), paths - set().union(*stored.account.values())
        )
        return self._shown(self._touched(stored))

    def _apply(self, path: str, query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        manager = (query["fieldManager"], "Apply")
        if path not in self.objects:
            new = Stored({"metadata": {"name": body["metadata"]["name"], "uid": "0"}})
        else:
            new = copy.deepcopy(self._stored(path))
            _check_version(new, body)
        paths = _paths(body)
        others = {key: owned for key, owned in new.account.items() if key != manager}
        clashes = [
            (name, each)
            for (name, _), owned in others.items()
            for each in owned & paths
            if _at(new.data, each) != _at(body, each)
        ]
        if clashes and query.get("force") != "true":
            causes = [
                {
                    "reason": "FieldManagerConflict",
                    "message": f'conflict with "{name}"',
                    "field": _dotted(each),
                }
                for name, each in sorted(clashes)
            ]
            raise Refused(409, "Conflict", f"Apply failed with {len(clashes)} conflicts", causes=causes)
        for each in new.account.get(manager, set()) - paths - set().union(*others.values()):
            _remove(new.data, each)
        body = copy.deepcopy(body)
        body["metadata"].pop("resourceVersion", None)
        _merge(new.data, body)
        _add_defaults(new.data)
        for name, each in clashes:
            for key in others:
                if key[0] == name:
                    new.account[key].discard(each)
        new.account[manager] = paths
        if "dryRun" not in query:
            self.objects[path] = self._touched(new)
        return self._shown(new)

    def _account(self, stored: Stored, manager: tuple[str, str], paths: set[Path]) -> None:
        if paths:
            stored.account[manager] = stored.account.get(manager, set()) | paths

    def _touched(self, stored: Stored) -> Stored:
        stored.data["metadata"]["resourceVersion"] = str(next(self._numbers))
        return stored

    def _shown(self, stored: Stored) -> dict[str, Any]:
        shown = copy.deepcopy(stored.data)
        shown["metadata"]["managedFields"] = [
            {"manager": name, "operation": operation, "apiVersion": "v1", "fieldsV1": _to_fields(paths)}
            for (name, operation), paths in stored.account.items()
            if paths
        ]
        return shown


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """A server for as long as it is needed."""
    state = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece

        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else {}
            status, content = state.answer(
                self.command, self.path, self.headers.get("Content-Type", ""), body
            )
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _time(second: int) -> str:
    return f"2026-01-01T00:{second // 60:02d}:{second % 60:02d}Z"


def _add_defaults(data: dict[str, Any]) -> None:
    """As the real one does for fields that have a default."""
    if "spec" in data:
        data["spec"].setdefault("defaulted", True)


def _check_version(stored: Stored, body: dict[str, Any]) -> None:
    given = body.get("metadata", {}).get("resourceVersion")
    if given not in (None, stored.data["metadata"]["resourceVersion"]):
        raise Refused(409, "Conflict", "the object has been modified")


def _paths(data: Any, at: Path = ()) -> set[Path]:
    if not isinstance(data, dict) or not data:
        return {at}
    found: set[Path] = set()
    for key, value in data.items():
        if at == ("metadata",) and key in (*_SERVERS, "name", "namespace"):
            continue
        if at or key not in ("apiVersion", "kind", "status"):
            found |= _paths(value, (*at, key))
    return found - {()}


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _remove(data: dict[str, Any], path: Path) -> None:
    inner = _at(data, path[:-1])
    if isinstance(inner, dict):
        inner.pop(path[-1], None)


def _merge(data: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            data.pop(key, None)
        elif isinstance(value, dict) and isinstance(data.get(key), dict):
            _merge(data[key], value)
        else:
            data[key] = value


def _to_fields(paths: set[Path]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for path in sorted(paths):
        inner = fields
        for key in path:
            inner = inner.setdefault(f"f:{key}", {})
    return fields


def _from_fields(fields: dict[str, Any], at: Path = ()) -> Iterator[Path]:
    if not fields and at:
        yield at
    for key, inner in fields.items():
        yield from _from_fields(inner, (*at, key.removeprefix("f:")))


def _dotted(path: Path) -> str:
    return "." + ".".join(path)
