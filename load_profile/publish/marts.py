"""Know which models are published, and under what names and descriptions. Reads dbt's manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Mart:
    """A published table, and which model lists its partitions, if it has any.

    `time` and `feeder` are the columns of a partition. `order` is the key: rows are written in its
    order, so that equal rows are equal bytes. `columns` are published, each with its meaning;
    `hidden` are the others.
    """

    name: str
    order: str
    parts: str | None
    time: str
    feeder: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()


def published_marts(manifest: Mapping) -> list[Mart]:
    """Read the marts from dbt's manifest, without those whose meta says `is_published: false`."""
    nodes = manifest["nodes"].values()
    keys = {
        n["attached_node"].rpartition(".")[2]: ", ".join(n["test_metadata"]["kwargs"]["columns"])
        for n in nodes
        if n.get("attached_node") and (n.get("test_metadata") or {}).get("name") == "unique_key"
    }
    models = {n["name"]: n for n in nodes if n["resource_type"] == "model"}
    return [
        _mart(node, keys.get(name, "all"))
        for name, node in sorted(models.items())
        if node["config"].get("group") == "marts" and _is_published(node)
    ]


def _mart(node: Mapping, order: str) -> Mart:
    config, columns = node["config"], node["columns"].values()
    return Mart(
        node["name"],
        order,
        config.get("parts"),
        config.get("part_time") or "",
        config.get("part_feeder", "feeder"),
        _one_line(node["description"]),
        {c["name"]: _one_line(c["description"]) for c in columns if _is_published(c)},
        tuple(c["name"] for c in columns if not _is_published(c)),
    )


def _is_published(described: Mapping) -> bool:
    """Whether people read a model or column, as they do unless its meta denies it."""
    return described["config"]["meta"].get("is_published", True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def as_literal(value: str | Path) -> str:
    """SQL for a text."""
    return "'" + str(value).replace("'", "''") + "'"
