"""From what is there and what is wanted to what has to change. Pure: changes alone ask the cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from metaflow_provider.deployment import CREATE, DELETE, UNCHANGED, UPDATE, Change, Undo
from metaflow_provider.plan import Refusal

from ..clients.errors import ArgoError
from ..clients.kinds import CRON_WORKFLOW, SECRET, WORKFLOW_TEMPLATE, Kind, Object, kind_of, name_of
from ..clients.managed_fields import FIELD_MANAGER
from ..clients.protocol import Client
from .differences import difference_lines, is_as_wanted
from .existing import Existing, is_of_stock, starts
from .marks import belongs_to, content_of, dated, is_ours
from .wanted import Wanted


def changes(existing: Existing, wanted: Wanted) -> list[Change[Client]]:
    """What a deployment does, in the order in which it is done: Secrets, template, CronWorkflows.

    Raises:
        Refusal: an object of a wanted name is somebody else's.

    Example:
        >>> [change.action for change in changes(look_around(client, "train"), wanted)]
        ['update', 'unchanged', 'delete']
    """
    _refuse_foreign(existing, wanted)
    template = existing.deployed.template if existing.deployed else None
    return [
        *_objects(existing.secrets, wanted.secrets),
        _object(template, wanted.deployed.template),
        *_objects(existing.crons, wanted.crons),
        *_without(existing, wanted),
    ]


def removal(existing: Existing, *, at_work: bool) -> list[Change[Client]]:
    """What removes a deployment. Runs at work go on.

    Args:
        existing: what is there.
        at_work: whether there are runs at work, for which the Secrets stay.
    """
    assert existing.deployed is not None
    name = existing.deployed.name
    gone = [cron for cron in existing.crons.values() if belongs_to(cron, name) or is_of_stock(cron, name)]
    gone += [existing.sensor] if existing.sensor else []
    secrets = [secret for secret in existing.secrets.values() if belongs_to(secret, name)]
    kept = [
        Change[Client](UNCHANGED, SECRET.name, name_of(each), ("runs at work use it",)) for each in secrets
    ]
    return [
        *map(_gone, gone),
        *(kept if at_work else map(_gone, secrets)),
        *_hidden(existing),
        _gone(existing.deployed.template),
    ]


def rehearse(client: Client, wanted: Wanted) -> None:
    """Let the server check what would be sent; nothing is stored.

    Raises:
        ArgoError: the server does not take an object; the text names the object and the reason.
    """
    for manifest in (*wanted.secrets, wanted.deployed.template, *wanted.crons):
        client.apply(manifest, dry_run=True)


def _objects(existing: Mapping[str, Object], wanted: Iterable[Object]) -> Iterator[Change[Client]]:
    for manifest in wanted:
        yield _object(existing.get(name_of(manifest)), manifest)


def _object(current: Object | None, manifest: Object) -> Change[Client]:
    kind, name = kind_of(manifest), name_of(manifest)
    if current is None:
        return Change(CREATE, kind.name, name, do=_creation(manifest))
    if is_as_wanted(current, manifest):
        return Change(UNCHANGED, kind.name, name)
    return Change(UPDATE, kind.name, name, difference_lines(current, manifest), _update(current, manifest))


def _creation(manifest: Object) -> Callable[[Client], Undo]:
    kind, name = kind_of(manifest), name_of(manifest)

    def do(client: Client) -> Undo:
        created = client.create(_to_send(manifest))
        try:
            client.adopt(created)  # what is made is accounted for in another way than what is applied later
        except ArgoError:
            client.delete(kind, name)
            raise
        return lambda: client.delete(kind, name)

    return do


def _update(current: Object, manifest: Object) -> Callable[[Client], Undo]:
    """Give an object the wanted fields, unless somebody changes it after it was looked at."""

    def do(client: Client) -> Undo:
        base = client.adopt(current) if _has_foreign_fields(current) else current
        version = {"resourceVersion": base["metadata"]["resourceVersion"]}
        sent = _to_send(manifest)
        client.apply({**sent, "metadata": {**sent["metadata"], **version}})
        return lambda: _put_back(client, current)

    return do


def _put_back(client: Client, current: Object) -> None:
    client.replace(content_of(current))


def _gone(current: Object) -> Change[Client]:
    kind, name = kind_of(current), name_of(current)

    def do(client: Client) -> Undo:
        there = client.elsewhere(current["metadata"].get("namespace") or client.namespace)
        there.delete(kind, name)
        return lambda: _create_again(there, current)

    return Change(DELETE, kind.name, name, do=do)


def _create_again(client: Client, current: Object) -> None:
    client.create(content_of(current))


def _to_send(manifest: Object) -> Object:
    return dated(manifest) if kind_of(manifest) is WORKFLOW_TEMPLATE else manifest


def _has_foreign_fields(current: Object) -> bool:
    """Whether fields are accounted to others, which would stay when we apply the object without them.

    Those that others have added to an object of ours do stay. Ours are accounted for in another way after an
    undone update.
    """
    entries = current["metadata"].get("managedFields") or []
    edits = [
        entry["manager"] for entry in entries if entry["operation"] == "Update" and "subresource" not in entry
    ]
    return FIELD_MANAGER in edits or (bool(edits) and not is_ours(current))


def _without(existing: Existing, wanted: Wanted) -> Iterator[Change[Client]]:
    """What an earlier deployment had and this one has not; other people's CronWorkflows stay."""
    if existing.sensor:
        yield _gone(existing.sensor)
    yield from _hidden(existing)
    crons = {name_of(each) for each in wanted.crons}
    for name, cron in existing.crons.items():
        if name not in crons and (belongs_to(cron, wanted.name) or is_of_stock(cron, wanted.name)):
            yield _gone(cron)
    secrets = {name_of(each) for each in wanted.secrets}
    for name, secret in existing.secrets.items():
        if name not in secrets and belongs_to(secret, wanted.name):
            yield _gone(secret)


def _hidden(existing: Existing) -> Iterator[Change[Client]]:
    for name in existing.hidden_secrets:
        yield Change(UNCHANGED, SECRET.name, name, ("an Argo Server keeps no Secrets, so it stays",))


def _refuse_foreign(existing: Existing, wanted: Wanted) -> None:
    for cron in wanted.crons:
        current = existing.crons.get(name_of(cron))
        if current and not belongs_to(current, wanted.name) and not starts(current, wanted.name):
            raise _taken(CRON_WORKFLOW, current, "starts something else")
    for secret in wanted.secrets:
        current = existing.secrets.get(name_of(secret))
        if current and not belongs_to(current, wanted.name):
            raise _taken(SECRET, current, "was not made for this flow")


def _taken(kind: Kind, foreign: Object, why: str) -> Refusal:
    return Refusal(
        f"the {kind.name} {name_of(foreign)} is there already, and {why}",
        remedy="choose another name for the deployment, or remove that object",
    )
