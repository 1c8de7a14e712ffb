"""The book's scripts, which are no package, as modules."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

BOOK = Path(__file__).parents[1] / "book"


def script(name: str) -> ModuleType:
    """A script by its name; processes that it starts find it by that too."""
    spec = spec_from_file_location(name, BOOK / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    sys.path.insert(0, str(BOOK))  # they find each other there
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BOOK))
    return module
