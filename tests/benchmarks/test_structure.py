from pathlib import Path

from benchmarks.structure import measure


def test_structure_counts_product_and_tests(tmp_path: Path) -> None:
    files = {
        "services/app.py": "# whoever reads this\nx = 1\n",
        "services/__init__.py": '"""Only a docstring."""\n',
        "docs/notes.md": "Whatever it is, somebody knows.\n",
        "benchmarks/drill.py": "# nobody\n",
        "model_artifacts/blip2_demo/draw.py": "# nobody\n",
        "tests/test_app.py": "def test_reused_key_is_refused() -> None:\n    pass\n",
        "tests/bench/old.py": "# nobody\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    figures = {figure.name: figure.value for figure in measure(tmp_path, [*files, "gone.py"])}
    assert (figures["modules"], figures["lines"], figures["largest_module_lines"]) == (1, 2, 2)
    assert figures["test_lines_per_code_line"] == 2 / 4
    assert figures["test_name_words_median"] == 4
    assert figures["vague_words"] == 3
