from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from metaflow.graph import FlowGraph
from metaflow.lint import linter

from integration.conformance.random_flows import flow_name, source

SEEDS = range(60)


def graph(seed: int, folder: Path) -> FlowGraph:
    path = folder / f"random_flow_{seed}.py"
    path.write_text(source(seed), "utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return FlowGraph(getattr(module, flow_name(seed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_metaflow_accepts_the_flow(seed: int, tmp_path: Path) -> None:
    linter.run_checks(graph(seed, tmp_path))


def test_one_seed_gives_one_text() -> None:
    assert source(7) == source(7)


def test_flows_are_small_and_cover_the_grammar(tmp_path: Path) -> None:
    graphs = [graph(seed, tmp_path) for seed in SEEDS]
    assert max(len(flow.nodes) for flow in graphs) <= 14
    nodes = [(flow, node) for flow in graphs for node in flow]
    assert {node.type for _, node in nodes} >= {"linear", "split", "foreach", "split-switch", "join"}
    assert any(node.name in node.out_funcs for _, node in nodes), "a loop"
    assert any(node.parallel_step for _, node in nodes), "a gang"
    joins = [(flow[node.split_parents[-1]], node) for flow, node in nodes if node.type == "join"]
    assert any(split.type == "foreach" and len(join.in_funcs) > 1 for split, join in joins), (
        "cases into a join"
    )
    assert any(len(node.split_parents) == 3 for _, node in nodes), "three levels"
