"""What changes of the model, its goods and the LLM, by the settings that lie beside the templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.diff.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The sections of the settings that change what a report says; the others show in the templates.
SECTIONS = ("model", "catalogue", "listing", "llm", "fallback_llm")


def setting_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield the settings that change a report, as in `model.artifact: demo → models/…`.

    A key that only one of the two commits knows is left out: it is another form of settings, not a change.
    """
    for section in SECTIONS:
        before, after = old.get(section), new.get(section)
        if isinstance(before, dict) and isinstance(after, dict):
            for key in before:
                if key in after and before[key] != after[key]:
                    yield f"{section}.{key}: {shown(before[key])} → {shown(after[key])}"
        elif before != after and section in old and section in new:
            yield f"[{section}] is {'added' if before is None else 'taken away'}"
