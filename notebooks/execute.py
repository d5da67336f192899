"""Executes a notebook from top to bottom and writes it with its outputs: execute.py FROM TO.

Fails if any cell does.
"""

import sys

import nbclient
import nbformat

source, target = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
nbclient.NotebookClient(notebook, timeout=300).execute()
nbformat.write(notebook, target)
cells = sum(cell.cell_type == "code" for cell in notebook.cells)
print(f"{target}: {cells} cells executed")
