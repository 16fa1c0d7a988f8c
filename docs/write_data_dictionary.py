"""Write docs/data-dictionary.md from dbt's documentation of the models; a test keeps it current."""

from pathlib import Path

from load_profile.dbt import read_manifest

TARGET = Path(__file__).with_name("data-dictionary.md")
PARTS = {
    "marts": "Published tables",
    "internal": "Tables of the pipeline alone, which are not published",
    "raw": "Raw tables: what the files say, as delivered",
    "staging": "Staging, for those who read the models",
}
INTRODUCTION = """# Data dictionary

Written from the descriptions of the dbt models by `docs/write_data_dictionary.py`.
Power is the average over the interval in MW or MVA. Delivered and received are both positive;
net = delivered - received. NULL means unknown and is never 0. Times ending in `_at` are UTC, times
ending in `_local` stand on the clock named by `timezone`.
"""


def dictionary() -> str:
    """The whole document as Markdown."""
    manifest = read_manifest()
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    nodes += manifest["sources"].values()
    parts = [INTRODUCTION]
    for folder, title in PARTS.items():
        parts.append(f"## {title}\n")
        for node in sorted(nodes, key=lambda n: n["name"]):
            if _folder(node) == folder:
                parts.append(_table(node))
    return "\n".join(parts)


def _folder(node: dict) -> str:
    group = node.get("group") or node.get("source_name")
    is_published = node["config"].get("meta", {}).get("is_published", True)
    return group if is_published else "internal"


def _table(node: dict) -> str:
    lines = [f"### {node['name']}\n", f"{_line(node['description'])}\n"]
    if node["columns"]:
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [
            f"| `{column['name']}` | {column.get('data_type') or ''} | {_cell(column)} |"
            for column in node["columns"].values()
        ]
    return "\n".join(lines) + "\n"


def _cell(column: dict) -> str:
    return _line(column["description"]).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    TARGET.write_text(dictionary(), encoding="utf-8", newline="\n")
