"""Choose tables and steps by name, as `--select` does. Knows dbt's manifest, runs nothing.

gaps  +gaps  gaps+  +gaps+     a table or step, with all before it, with all after it
group:raw                      a group of Dagster's page
"gaps gap_files"               several, also with commas between them
"""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from load_profile.dbt_results import asset_of_node
from load_profile.publish.marts import published_marts
from load_profile.steps import RAW_TABLES, STEPS

BUILT = ("model", "seed")


class SelectionError(ValueError):
    """A selection names nothing; the message shows what is allowed."""


@dataclass(frozen=True)
class Graph:
    """Tables, steps and what each is made from, by name; raw tables are `raw/<name>`."""

    parents: Mapping[str, Set[str]]
    groups: Mapping[str, str]

    def select(self, text: str) -> frozenset[str]:
        """The names that a selection stands for. Raises SelectionError."""
        words = re.findall(r"[^\s,]+", text)
        if not words:
            raise SelectionError("it is empty; allowed is e.g. 'gaps+'.")
        return frozenset(name for word in words for name in self._of_word(word))

    def _of_word(self, word: str) -> Set[str]:
        name = word.removeprefix("+").removesuffix("+")
        kind, _, group = name.rpartition(":")
        chosen = {n for n in self.parents if n in (name, f"raw/{name}")}
        if kind == "group":
            chosen = {n for n, of in self.groups.items() if of == group}
        if not chosen:
            groups = ", ".join(sorted(set(self.groups.values())))
            raise SelectionError(
                f"{name!r} is not the name of a table or step, which `load-profile docs` lists. "
                f"Allowed are names, +name, name+ and group:NAME; groups are {groups}."
            )
        found = set(chosen)
        if word.startswith("+"):
            found |= _reached(chosen, self.parents)
        if word.endswith("+"):
            children = {n: {c for c, of in self.parents.items() if n in of} for n in self.parents}
            found |= _reached(chosen, children)
        return found


def _reached(names: Iterable[str], next_to: Mapping[str, Set[str]]) -> set[str]:
    found, waiting = set(), list(names)
    while waiting:
        for name in next_to[waiting.pop()] - found:
            found.add(name)
            waiting.append(name)
    return found


def graph_of(manifest: Mapping) -> Graph:
    """The graph of the dbt project with raw tables before it and the steps after it."""
    parents: dict[str, set[str]] = {name: set() for name in RAW_TABLES}
    groups = dict.fromkeys(RAW_TABLES, "raw")
    for node in manifest["nodes"].values():
        if node["resource_type"] in BUILT and node["config"]["materialized"] != "ephemeral":
            parents[node["name"]] = _tables_before(node["unique_id"], manifest)
            groups[node["name"]] = node["config"].get("group") or "default"
    for step, names in needs_of_steps(manifest).items():
        parents[step] = set(names)
    return Graph(parents, groups | {step.name: step.group for step in STEPS})


def needs_of_steps(manifest: Mapping) -> dict[str, list[str]]:
    """What each step after dbt needs: the tables of its exposure, or without one all marts.

    The last step also needs all other steps.
    """
    exposed = {
        exposure["name"]: [
            asset_of_node(node, manifest) for node in exposure["depends_on"]["nodes"]
        ]
        for exposure in manifest["exposures"].values()
    }
    marts = [mart.name for mart in published_marts(manifest)]
    others = [step.name for step in STEPS if not step.is_last]
    return {
        step.name: [*exposed.get(step.name, marts), *(others if step.is_last else ())]
        for step in STEPS
    }


def descriptions_of_steps(manifest: Mapping) -> dict[str, str]:
    """What each step writes, in the words of its exposure."""
    exposures = manifest["exposures"].values()
    return {exposure["name"]: exposure["description"] for exposure in exposures}


def _tables_before(unique_id: str, manifest: Mapping) -> set[str]:
    """What a model reads, through ephemeral models, which are not tables."""
    found = set()
    for node in manifest["nodes"][unique_id]["depends_on"].get("nodes", []):
        is_ephemeral = manifest["nodes"].get(node, {}).get("config", {})
        if is_ephemeral.get("materialized") == "ephemeral":
            found |= _tables_before(node, manifest)
        else:
            found.add(asset_of_node(node, manifest))
    return found
