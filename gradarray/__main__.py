"""The command line: ``python -m gradarray`` shows a gradient, and its commands a tour, a table and the guide."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

import gradarray
from gradarray.show import pages, tour


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(
        prog="python -m gradarray",
        description="NumPy with autodiff built in. Without a command: a function, its gradient, "
        "and how it comes about; the tour is carried out unseen, and the exit status is 0 when all of it is right.",
    )
    top.add_argument("--version", action="version", version=f"gradarray {gradarray.__version__}")
    top.set_defaults(run=lambda _: tour.main())
    commands = top.add_subparsers(title="commands", metavar="[command]")
    guided = commands.add_parser(
        "tour",
        help="a guided tour: what there is, step by step, then real data; it checks itself as it goes",
        description="Carry out the lessons live, then train a NumPy function on Fisher's irises. "
        "The exit status is 0 when everything came out as it should.",
    )
    guided.set_defaults(run=lambda _: tour.main(show=tour.tour))
    coverage = commands.add_parser(
        "coverage",
        help="what gradarray makes of each function of NumPy, counted from its own tables; of one, its derivative",
        description="Print a table of the functions of the NumPy that is installed, by chapter and by kind of "
        "derivative, and those that are refused, with the reasons; with a name, such as np.tanh, the derivative of "
        "that function as NumPy source; with the name scipy, what is made of SciPy's functions.",
    )
    asked = coverage.add_mutually_exclusive_group()
    asked.add_argument("name", nargs="?", metavar="function")
    asked.add_argument(
        "--arrays",
        action="store_true",
        help="carry out a hundred operations with arrays of each kind that is here (Dask's and CuPy's too), and print "
        "how many are right",
    )
    coverage.set_defaults(run=_coverage)
    guide = commands.add_parser(
        "guide",
        help="the guide, from what a derivative is to each library that you may come from; with a name, a chapter",
        description="Print a chapter of the guide; without a name, which there are. Or write the guide into files.",
    )
    guide.add_argument("chapter", nargs="?", choices=pages.CHAPTERS, metavar="chapter")
    written = guide.add_mutually_exclusive_group()
    written.add_argument(
        "--html", metavar="DIR", help="write all chapters, and a page for each public name, as a site into a folder"
    )
    written.add_argument("--notebook", metavar="FILE", help="write the chapter, or all, as a notebook")
    guide.set_defaults(run=lambda options: _guide(options, guide))
    return top


def _coverage(options: argparse.Namespace) -> int:
    if options.arrays:
        return int(importlib.import_module("gradarray.show.arrays").main())
    return int(importlib.import_module("gradarray.show.coverage").main(options.name))


def _guide(options: argparse.Namespace, guide: argparse.ArgumentParser) -> int:
    if options.html is None and options.notebook is None:
        return pages.main(options.chapter)
    if options.html is not None and options.chapter is not None:
        guide.error("a site has all chapters: --html DIR without a name")
    try:
        if options.html is not None:
            done = importlib.import_module("gradarray.show.site").write_site(options.html)
        else:
            done = importlib.import_module("gradarray.show.notebook").write_notebook(options.notebook, options.chapter)
    except ImportError as error:
        guide.error(str(error))
    except OSError as error:
        guide.error(f"{error.filename or options.html or options.notebook} cannot be written: {error.strerror}")
    print(done)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (those of the process) ask for, and return the exit status."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Python flushes standard output once more on its way out: into nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
