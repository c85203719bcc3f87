"""Executes a notebook and fails on its first error: execute.py NOTEBOOK FIGURES

The notebook must be stored without outputs, and must draw FIGURES figures."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

path, figures = Path(sys.argv[1]), int(sys.argv[2])
notebook = nbformat.read(path, as_version=4)
nbformat.validate(notebook)
code = [cell for cell in notebook.cells if cell.cell_type == "code"]
if any(cell.outputs or cell.execution_count for cell in code):
    sys.exit(f"{path.name} is stored with outputs")

NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()

drawn = sum("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)
if drawn != figures:
    sys.exit(f"{path.name} drew {drawn} figures, not {figures}")
print(f"{path.name}: {len(code)} cells, {drawn} figures")
