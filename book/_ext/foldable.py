"""Folds proofs: in the pages each is opened by its first word."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator
from sphinx_proof.nodes import proof_node


def unframed(proof: nodes.Element) -> str:
    """Take a proof out of the frame of a note; its first word, which is taken off."""
    (frame,) = proof.children
    proof.children = []
    proof += frame.children
    text = next(proof.findall(nodes.Text))
    word, _, rest = str(text).partition(" ")
    text.parent.replace(text, nodes.Text(rest))
    return word


def begin(self: HTML5Translator, node: nodes.Element) -> None:
    """Folded."""
    self.body.append(f'<details class="proof-folded"><summary>{unframed(node).rstrip(".")}</summary>\n')


def end(self: HTML5Translator, node: nodes.Element) -> None:
    """Its end."""
    self.body.append("</details>\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """In the place of the handlers of the extension whose nodes these are."""
    app.setup_extension("sphinx_proof")
    app.registry.add_translation_handlers(proof_node, html=(begin, end))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
