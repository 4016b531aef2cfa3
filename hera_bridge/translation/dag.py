"""The graph of tasks: one DAG template per scope, which is the flow itself or the body of a foreach.

| step | tasks |
| --- | --- |
| linear, join, loop | `step` |
| foreach | `step`, `step--each`: the body, once for every split |
| switch | `step`, and for each way a gate `step--child`: a pause of no length, without a pod |

No output of a task that may have been left out is ever referred to: what refers to an output of a task
depends on that task's success, and Argo looks at dependencies first. Versions differ in what they make of
such references, from waiting for ever to failing.
https://argo-workflows.readthedocs.io/en/latest/enhanced-depends-logic/

In a scope of more tasks than Argo takes, the branches of a split become DAGs, several branches each, and what
is then too long is cut (`chunks`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hera.workflows import models
from hera.workflows.models.io.k8s.apimachinery.pkg.util.intstr import IntOrString

from metaflow_extensions.orchestrators.core.graph import FOREACH, SPLIT, SWITCH, Graph, Node
from metaflow_provider.plan import FlowPlan

from .chunks import MOST_TASKS, chained, cut
from .environment import counted_loop
from .gang import NODES_INPUT
from .labels import STEP_INPUT
from .names import GATE, Names
from .shapes import Pods

_INDEX = "{{inputs.parameters.index}}"
# Fewer tasks than this are not worth a DAG of their own.
_FEWEST_IN_BRANCHES = 10


class Dags:
    """Makes the DAG templates of a plan.

    Args:
        plan: the flow.
        pods: templates of its steps.
        names: gives out names of templates.
        entrypoint: name of the flow's own DAG.

    Attributes:
        tasks: the task of each step.
        templates: every DAG, and the gate if there are switches.
    """

    def __init__(self, plan: FlowPlan, pods: Pods, names: Names, entrypoint: str) -> None:
        self._plan = plan
        self._graph: Graph = plan.graph
        self._pods = pods
        self._template_names = names
        self._task_names = Names()
        self._names = {step: self._task_names.unique(step) for step in self._graph.nodes}
        self._helpers: dict[tuple[str, str], str] = {}
        self._branches: dict[str, list[str]] = {}
        self.tasks: dict[str, models.DAGTask] = {}
        self.templates: list[models.Template] = []
        self._add_scope((), entrypoint)
        if any(self._gates(node) for node in self._graph.nodes.values()):
            gate = models.SuspendTemplate(duration="0")
            self.templates.append(models.Template(name=GATE, suspend=gate))

    def _add_scope(self, scope: tuple[str, ...], name: str) -> None:
        """Make the DAG of a scope, then those of the scopes in it."""
        nodes = [node for node in self._graph.nodes.values() if node.scope == scope]
        foreachs = [node for node in nodes if is_foreach(node)]
        bodies = {node.step: self._body_name(node) for node in foreachs}
        count = sum(1 + is_foreach(node) + len(self._gates(node)) for node in nodes)
        branches = nodes[0].branches
        tasks = self._region(nodes, branches, bodies, is_large=count > MOST_TASKS)
        self._add_dag(name, self._fitting(tasks, nodes[0]), in_foreach=bool(scope))
        for foreach, body in bodies.items():
            if self._only_step(foreach) is None:
                self._add_scope((*scope, foreach), body)

    def _region(
        self, nodes: Sequence[Node], branches: tuple[str, ...], bodies: dict[str, str], is_large: bool
    ) -> list[models.DAGTask]:
        """Tasks of the steps in these branches and further ones, in topological order."""
        tasks: list[models.DAGTask] = []
        for node in nodes:
            if _own_branches(node) != branches:
                continue
            tasks += self._step(node, bodies.get(node.step))
            if node.kind == SPLIT:
                heads = [child for child in node.children if child != node.join]
                inside = {head: self._region(nodes, (*branches, head), bodies, is_large) for head in heads}
                if is_large and sum(map(len, inside.values())) >= _FEWEST_IN_BRANCHES:
                    tasks += self._bundled(node, inside)
                else:
                    tasks += [task for branch in inside.values() for task in branch]
        return tasks

    def _bundled(self, split: Node, inside: dict[str, list[models.DAGTask]]) -> list[models.DAGTask]:
        """The branches of a split as DAGs, as many in one as fit; their first tasks wait for nothing then."""
        bundles: list[list[models.DAGTask]] = [[]]
        for head, tasks in inside.items():
            self.tasks[head].depends = None
            fitting = self._fitting(tasks, self._graph[head])
            if len(bundles[-1]) + len(fitting) > MOST_TASKS:
                bundles.append([])
            bundles[-1] += fitting
        after = f"{self._names[split.step]}.Succeeded"
        calls = [self._call(bundle, after, split, "branches") for bundle in bundles]
        self._branches[split.step] = [str(call.name) for call in calls]
        return calls

    def _fitting(self, tasks: list[models.DAGTask], first: Node) -> list[models.DAGTask]:
        """The tasks of the branch that begins with `first`, or if they are too many, of what calls them."""
        if len(tasks) <= MOST_TASKS:
            return tasks
        pieces = cut(tasks, [self._names[step] for step in self._graph.nodes if self._leaves(step, first)])
        if len(pieces) == 1:
            return tasks
        return chained(pieces, lambda piece, after: self._call(piece, after, first, "part"))

    def _leaves(self, step: str, first: Node) -> bool:
        """Whether a step may lead out of the branch that begins with `first`."""
        children = self._graph[step].children
        return any(len(self._graph[child].branches) < len(first.branches) for child in children)

    def _call(self, tasks: list[models.DAGTask], after: str | None, node: Node, role: str) -> models.DAGTask:
        """A task that calls a DAG of these tasks, in the scope of a step."""
        name = self._template_names.unique(node.step, role)
        self._add_dag(name, tasks, in_foreach=bool(node.scope))
        index = [models.Parameter(name="index", value=_INDEX)]
        return models.DAGTask(
            name=self._task_names.unique(node.step, role),
            template=name,
            depends=after,
            arguments=models.Arguments(parameters=index) if node.scope else None,
        )

    def _add_dag(self, name: str, tasks: list[models.DAGTask], in_foreach: bool) -> None:
        index = models.Inputs(parameters=[models.Parameter(name="index")])
        dag = models.DAGTemplate(tasks=tasks)
        self.templates.append(models.Template(name=name, inputs=index if in_foreach else None, dag=dag))

    def _body_name(self, node: Node) -> str:
        """Name of what a foreach calls for each split: a DAG, or the template of its only step."""
        only = self._only_step(node.step)
        if only is not None:
            return str(self._pods.of[only].name)
        return self._template_names.unique(node.step, "each")

    def _only_step(self, foreach: str) -> str | None:
        """The only step of a foreach's body, if that needs no other task."""
        scope = (*self._graph[foreach].scope, foreach)
        inside = [node for node in self._graph.nodes.values() if node.scope[: len(scope)] == scope]
        if len(inside) != 1 or self._gates(inside[0]):
            return None
        return inside[0].step

    def _step(self, node: Node, body: str | None) -> Iterator[models.DAGTask]:
        yield self._task(node)
        if body is not None:
            yield self._each(node, body)
        for child in self._gates(node):
            yield self._gate(node, child)

    def _task(self, node: Node) -> models.DAGTask:
        arguments = self._step_arguments(node.step, _INDEX if node.scope else None)
        loop = counted_loop(self._plan, node)
        if loop:
            count = _output(self._names[loop], "iterations")
            arguments.append(models.Parameter(name="iterations", value=count))
        if node.gang:
            count = _output(self._names[node.parents[0]], "n")
            arguments.append(models.Parameter(name=NODES_INPUT, value=count))
        task = models.DAGTask(
            name=self._names[node.step],
            template=self._pods.of[node.step].name,
            depends=self._depends(node),
            arguments=models.Arguments(parameters=arguments) if arguments else None,
        )
        self.tasks[node.step] = task
        return task

    def _each(self, node: Node, body: str) -> models.DAGTask:
        index = (_INDEX if node.scope else "") + "-{{item}}"
        arguments = [models.Parameter(name="index", value=index)]
        only = self._only_step(node.step)
        if only is not None:
            arguments = self._step_arguments(only, index)
        task = models.DAGTask(
            name=self._helper(node.step, "each"),
            template=body,
            depends=f"{self._names[node.step]}.Succeeded",
            with_sequence=models.Sequence(count=IntOrString(root=_output(self._names[node.step], "n"))),
            arguments=models.Arguments(parameters=arguments),
        )
        if only is not None:
            self.tasks[only] = task
        return task

    def _gate(self, node: Node, child: str) -> models.DAGTask:
        switch = self._names[node.step]
        return models.DAGTask(
            name=self._helper(node.step, child),
            template=GATE,
            depends=f"{switch}.Succeeded",
            when=f"{{{{=tasks['{switch}'].outputs.parameters['next'] == '{child}'}}}}",
        )

    def _step_arguments(self, step: str, index: str | None) -> list[models.Parameter]:
        arguments = []
        if self._pods.is_shared(step):
            arguments.append(models.Parameter(name=STEP_INPUT, value=step))
        if index is not None:
            arguments.append(models.Parameter(name="index", value=index))
        return arguments

    def _gates(self, node: Node) -> list[str]:
        """Ways of a switch that need a gate: those to steps of its scope, if there are several ways."""
        if node.kind != SWITCH or len(node.children) < 2:
            return []
        return [child for child in node.children if self._graph[child].scope == node.scope]

    def _depends(self, node: Node) -> str | None:
        """What has to be over: of every branch that a join joins one way, else one way of all."""
        if node.joins is not None and is_foreach(self._graph[node.joins]):
            return f"{self._helper(node.joins, 'each')}.Succeeded"
        if node.joins in self._branches:
            return " && ".join(f"{name}.Succeeded" for name in self._branches[node.joins])
        branches: dict[str, list[str]] = {}
        for parent in node.parents:
            if self._graph[parent].scope == node.scope:
                branches.setdefault(self._branch(node, parent), []).append(self._edge(parent, node))
        ways = [" || ".join(edges) for edges in branches.values()]
        if len(ways) > 1:
            ways = [f"({way})" if "||" in way else way for way in ways]
        return " && ".join(ways) or None

    def _branch(self, node: Node, parent: str) -> str:
        """The branch of the split that `node` joins which `parent` is in; for any other step the only one."""
        if node.joins is None or self._graph[node.joins].kind != SPLIT:
            return ""
        return node.step if parent == node.joins else self._graph[parent].branches[len(node.branches)]

    def _edge(self, parent: str, node: Node) -> str:
        if node.step in self._gates(self._graph[parent]):
            return f"{self._helper(parent, node.step)}.Succeeded"
        return f"{self._names[parent]}.Succeeded"

    def _helper(self, step: str, role: str) -> str:
        """Name of a task that helps a step."""
        if (step, role) not in self._helpers:
            self._helpers[step, role] = self._task_names.unique(step, role)
        return self._helpers[step, role]


def is_foreach(node: Node) -> bool:
    """Whether a step starts its body once for every split; a gang is one task."""
    return node.kind == FOREACH and not node.gang_split


def _own_branches(node: Node) -> tuple[str, ...]:
    """The branches that a step is in; a gang is in those of the step that starts it."""
    return node.branches[:-1] if node.gang else node.branches


def _output(task: str, name: str) -> str:
    return f"{{{{tasks.{task}.outputs.parameters.{name}}}}}"
